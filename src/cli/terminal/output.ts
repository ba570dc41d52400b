import type { Bar } from "./bar.ts";
import { fields } from "./table.ts";
import { visible, visibleJson } from "./visible.ts";

/** Whoever reads our output has gone (`| head`). It is no failure, and nothing is said about it. */
export class BrokenPipe extends Error {}

/** A key of a vault, wherever it stands in a text. Nothing else has this form, so there need be no edge before it. */
const KEY = /([spdu]k_)[0-9a-z]{52}[\w-]{43}/g;

/** What opens something in a URL: a key, a link's signature, a ticket. The URL may itself be in the query of another. */
const IN_URL = /(token|signature|ticket)(=|%3D)[\w.-]+/gi;

/** Select Graphic Rendition (ECMA-48 8.3.117): begins and ends a way to show text. */
const STYLES = { dim: [2, 22], red: [31, 39], yellow: [33, 39] } as const;
export type Style = keyof typeof STYLES;

/**
 * What the command prints: data to standard output, everything else to standard error. Text that somebody else chose must
 * have been made visible before it comes here.
 */
export class Output {
  isJson = false;
  /** Whether a person reads the data as they come. */
  readonly isTerminal: boolean;
  /** The bar that is on the screen: what is printed goes above it. */
  bar: Bar | undefined;
  readonly #env: NodeJS.ProcessEnv;
  readonly #controller: AbortController;
  readonly #secrets = new Set<string>();

  /** @param controller ends everything; so does a reader that goes */
  constructor(env: NodeJS.ProcessEnv, controller: AbortController) {
    this.isTerminal = process.stdout.isTTY;
    this.#env = env;
    this.#controller = controller;
    // Each write hears of its own failure. Without a listener a reader that goes would be an exception, too.
    process.stdout.on("error", () => {});
    process.stderr.on("error", () => {});
  }

  /** Whether a bar can be drawn. */
  get hasScreen(): boolean {
    return process.stderr.isTTY && this.#env["TERM"] !== "dumb";
  }

  /** Keeps a token out of every message from now on. */
  hide(secret: string): void {
    if (secret !== "") this.#secrets.add(secret);
  }

  /** A line of data, in text. Waits for a slow reader. */
  async line(text: string): Promise<void> {
    await this.bytes(`${text}\n`);
  }

  /** Lines of names and values, for a person. */
  async fields(pairs: readonly (readonly [name: string, value: string])[]): Promise<void> {
    for (const line of fields(pairs, (text) => this.style("dim", text))) await this.line(line);
  }

  /** A line of data, as JSON. */
  async json(value: unknown): Promise<void> {
    await this.bytes(`${visibleJson(value)}\n`);
  }

  /** Data as they are. Resolves when they are written, however slow the reader is. @throws BrokenPipe */
  async bytes(data: string | Uint8Array): Promise<void> {
    const { signal } = this.#controller;
    signal.throwIfAborted();
    if (process.stdout.isTTY) this.bar?.clear();
    await new Promise<void>((resolve, reject) => {
      const onAbort = (): void => reject(signal.reason as Error);
      signal.addEventListener("abort", onAbort);
      process.stdout.write(data, (error) => {
        signal.removeEventListener("abort", onAbort);
        if (!error) {
          resolve();
          return;
        }
        const reason = (error as NodeJS.ErrnoException).code === "EPIPE" ? new BrokenPipe() : error;
        this.#controller.abort(reason);
        reject(reason);
      });
    });
  }

  /** A line that is no data: what was done, what to do next. */
  note(text: string): void {
    this.bar?.clear();
    process.stderr.write(`${this.#shown(text)}\n`);
  }

  /** What went wrong. Lines of its own may follow the first. */
  error(text: string): void {
    this.note(`${this.style("red", "strongroom:", process.stderr)} ${text}`);
  }

  warn(text: string): void {
    this.note(`${this.style("yellow", "strongroom:", process.stderr)} ${text}`);
  }

  /** Text in a style, where that can be seen and is wanted (https://no-color.org). */
  style(style: Style, text: string, stream: NodeJS.WriteStream = process.stdout): string {
    if (!stream.isTTY || this.#env["NO_COLOR"] || this.#env["TERM"] === "dumb") return text;
    const [begin, end] = STYLES[style];
    return `\u001b[${begin}m${text}\u001b[${end}m`;
  }

  /** Without keys and tokens, whoever repeats them: the user's own line, or a server's answer. */
  #shown(text: string): string {
    let shown = text.replace(IN_URL, "$1$2…").replace(KEY, "$1…");
    for (const secret of this.#secrets) shown = shown.replaceAll(secret, "…");
    return shown;
  }
}

/** Several lines of somebody else's, each made visible. */
export const visibleLines = (text: string): string => text.split("\n").map(visible).join("\n");
