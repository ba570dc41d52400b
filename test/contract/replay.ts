import { bearer, send, type TestVault } from "../support/api.ts";

/** A file of a form: as text, or as base64 where it is none. */
export type FormFile = { readonly filename: string; readonly type: string } & (
  | { readonly text: string }
  | { readonly base64: string }
);

/** One request and what it was answered. Text in braces stands for what differs from run to run. */
export interface Exchange {
  readonly name: string;
  readonly request: {
    readonly method: string;
    /** `{vault}`, `{cursor}` and the names that earlier exchanges saved ids under are filled in. */
    readonly path: string;
    /** The vault's secret key is sent unless this says no. */
    readonly anonymous?: true;
    readonly headers?: Readonly<Record<string, string>>;
    readonly form?: readonly (readonly [name: string, value: string | FormFile])[];
    readonly body?: string;
  };
  /** The name that the answer's id is known by from then on. */
  readonly saves?: string;
  /** What an error's message has to name. Its other words may improve. */
  readonly mentions?: readonly string[];
  readonly answer: Answer;
}

export interface Answer {
  readonly status: number;
  /** Names in lower case, sorted; as recorded, without those that every answer has. */
  headers: readonly string[];
  readonly body: string;
}

/** Exchanges that follow one another in a vault of their own. */
export interface Story {
  readonly name: string;
  readonly exchanges: readonly Exchange[];
}

/** The shape of an id, of a time and of a cursor is part of the contract; only their values differ. */
const ASSET_ID = /"id":"(asset_[0-9a-hjkmnp-tv-z]{26})"/;
const TIME = /"(created_at|updated_at)":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"/g;
const CURSOR = /"cursor":"(eyJjcmVhdGVkX2F0[\w-]+)"/;
const MESSAGE = /"message":"((?:[^"\\]|\\.)+)"/;

/** Sends the requests of a story, one after the other, and knows what the answers before have said. */
export class Replay {
  readonly #vault: TestVault;
  /** What a name in braces stands for in this run. */
  readonly #values: Map<string, string>;

  constructor(vault: TestVault) {
    this.#vault = vault;
    this.#values = new Map([["vault", vault.id]]);
  }

  /** Makes an exchange's request. Returns the answer, what varies replaced by its name in braces, and the error's message. */
  async play({ request, saves }: Exchange): Promise<{ answer: Answer; message: string }> {
    const path = request.path.replace(/\{([\w-]+)\}/g, (_, name: string) => this.#value(name));
    const headers = { ...(request.anonymous ? {} : bearer(this.#vault.secretKey)), ...request.headers };
    const body = request.form ? formData(request.form) : (request.body ?? null);
    const response = await send(path, { method: request.method, headers, body });
    const text = await response.text();
    const id = ASSET_ID.exec(text)?.[1];
    if (saves !== undefined && id !== undefined) this.#values.set(saves, id);
    const cursor = CURSOR.exec(text)?.[1];
    if (cursor !== undefined) this.#values.set("cursor", cursor);
    return {
      answer: { status: response.status, headers: [...response.headers.keys()].toSorted(), body: this.#blanked(text) },
      message: MESSAGE.exec(text)?.[1] ?? "",
    };
  }

  #value(name: string): string {
    const value = this.#values.get(name);
    if (value === undefined) throw new Error(`nothing was saved as ${name}`);
    return value;
  }

  #blanked(text: string): string {
    let blanked = text.replace(TIME, '"$1":"{time}"').replace(MESSAGE, '"message":"{message}"');
    for (const [name, value] of this.#values) blanked = blanked.replaceAll(value, `{${name}}`);
    return blanked;
  }
}

function formData(fields: NonNullable<Exchange["request"]["form"]>): FormData {
  const form = new FormData();
  for (const [name, value] of fields) {
    if (typeof value === "string") form.append(name, value);
    else form.append(name, new File([contentOf(value)], value.filename, { type: value.type }));
  }
  return form;
}

const contentOf = (file: FormFile): string | Uint8Array<ArrayBuffer> =>
  "text" in file ? file.text : Uint8Array.from(Buffer.from(file.base64, "base64"));
