/** Clients that write to a server which may be killed, and that know afterwards what the server must still have. */

import { createHash, randomBytes } from "node:crypto";
import { expect } from "vitest";
import type { AssetRecord } from "../../src/model/asset.ts";
import { credentialsIn } from "./server-process.ts";

const CLIENTS = 8;

/** How long a client waits that was told to try again. Milliseconds. */
const PAUSE_MS = 20;

/** An asset's record; undefined when there is none. */
type State = AssetRecord | undefined;

/**
 * What is known of an asset: the last state that was acknowledged as durable, the states that were acknowledged since
 * as queued, and the changes that no answer came for. Only such changes may have happened or not. When the vault's
 * storage is lost, what was queued may be lost too.
 */
interface Known {
  readonly id: string;
  readonly sha256: string;
  states: [State, ...State[]];
  maybePatched: boolean;
  maybeDeleted: boolean;
}

/** A write with an Idempotency-Key that got no answer. It is repeated later, and must then have been done once. */
interface Unanswered {
  send(): Promise<Response>;
  /** Of an upload: a channel to which nothing else was uploaded, and the digest of the file. */
  readonly upload?: { readonly channel: string; readonly sha256: string };
  /** Of a patch: the asset, which is not changed any more. */
  readonly asset?: Known;
}

/** How long a repeat is put off, at most: an upload counts as running for a minute after its last sign of life. */
const MOST_PUT_OFF_MS = 90_000;

/** An answer that a client does not expect. */
class Unexpected extends Error {
  readonly status: number;
  constructor(what: string, status: number) {
    super(`${what}: ${status}`);
    this.status = status;
  }
}

export const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/**
 * Clients that write to the server of a state directory, wherever it listens at the moment. They remember what it told
 * them.
 */
export class Load {
  readonly #state: string;
  readonly #known: Known[] = [];
  readonly #unanswered: Unanswered[] = [];
  #clients = 0;
  acknowledged = 0;
  /** Writes with a key that got no answer and were repeated. */
  repeated = 0;
  /** Those of them that had been done. */
  replayed = 0;

  constructor(state: string) {
    this.#state = state;
  }

  call(path: string, init: RequestInit = {}, admin = false): Promise<Response> {
    const { url, vault_id, secret_key, admin_token } = credentialsIn(this.#state);
    const headers = {
      Authorization: `Bearer ${admin ? admin_token : secret_key}`,
      ...(init.headers as Record<string, string>),
    };
    return fetch(`${url}/api/v1/vaults/${vault_id}${path}`, { ...init, headers });
  }

  /**
   * Writes until told to stop. A request that is answered with 503 is not repeated.
   *
   * @returns `fragile()` says that the server is about to be killed, so that requests may fail from here on. `stop()`
   *   ends all clients.
   */
  start(): { fragile(): void; stop(): Promise<void> } {
    const progress = { running: true, fragile: false };
    const clients = Array.from({ length: CLIENTS }, () => this.#client(progress));
    return {
      fragile: () => {
        progress.fragile = true;
      },
      stop: async () => {
        progress.running = false;
        await Promise.all(clients);
      },
    };
  }

  /** Asserts that every asset is in a state that it may be in. From here on, that is the state that it must be in. */
  async check(mayHaveLost: boolean): Promise<void> {
    for (const write of this.#unanswered.splice(0)) await this.#repeat(write, mayHaveLost);
    for (const asset of this.#known) await this.#check(asset, mayHaveLost);
  }

  /** The state in which each asset was found. */
  *found(): Generator<[id: string, record: State]> {
    for (const { id, states } of this.#known) yield [id, states.at(-1)];
  }

  /**
   * Repeats a write that got no answer, twice, and asserts that it is done once. What a lost storage knew of it is lost
   * as well, and then it may be done again.
   */
  async #repeat(write: Unanswered, mayHaveLost: boolean): Promise<void> {
    const { upload, asset } = write;
    const response = await patiently(write);
    const text = await response.text();
    if (asset && response.status === 404 && (mayHaveLost || asset.maybeDeleted)) return;
    expect(response.status, text).toBe(upload ? 201 : 200);
    const again = await patiently(write);
    expect([await again.text(), again.headers.get("Idempotency-Replayed")]).toEqual([text, "true"]);
    const record = JSON.parse(text) as AssetRecord;
    if (upload) {
      const { data } = (await (await this.call(`/assets?channel=${upload.channel}`)).json()) as { data: AssetRecord[] };
      expect(data.map(({ id }) => id)).toContain(record.id);
      if (!mayHaveLost) expect(data).toHaveLength(1);
      this.#learn(record, upload.sha256, response);
    } else if (asset) this.#acknowledge(asset, response, record);
    this.repeated++;
    if (response.headers.has("Idempotency-Replayed")) this.replayed++;
  }

  /** Runs one client. It changes only what it made itself, so that it knows what to expect. */
  async #client(progress: { running: boolean; fragile: boolean }): Promise<void> {
    const mine: Known[] = [];
    // No other client has anything in this folder, or moves anything there.
    const folder = `c${this.#clients++}`;
    while (progress.running) {
      const asset = mine[Math.floor(Math.random() * mine.length)];
      try {
        const dice = Math.random();
        if (asset?.states.at(-1) && dice < 0.45) await this.#change(asset, mine);
        else if (asset?.states.at(-1) && dice < 0.55) await this.#batch(mine);
        else if (dice < 0.6) await this.#deleteFolder(folder, mine);
        else mine.push(await this.#upload(folder));
      } catch (error) {
        const isRefused = error instanceof Unexpected && error.status === 503;
        if (!progress.fragile && !isRefused) throw error; // Only the kill may break a request.
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    }
  }

  async #upload(folder: string): Promise<Known> {
    const bytes = randomBytes(Math.random() < 0.03 ? 9 * 1024 * 1024 : Math.ceil(Math.random() * 30_000));
    const key = randomKey();
    const channel = key ?? "h";
    const place = { partition: "crash", collection: folder, channel };
    const isForm = Math.random() < 0.5;
    const isFileFirst = Math.random() < 0.5;
    const send = (): Promise<Response> => {
      const headers = withKey(key);
      if (!isForm) {
        const query = new URLSearchParams({ ...place, filename: "raw.bin" }).toString();
        const type = { "Content-Type": "application/octet-stream" };
        return this.call(`/assets?${query}`, { method: "POST", body: bytes, headers: { ...headers, ...type } });
      }
      const form = new FormData();
      if (isFileFirst) form.set("file", new File([bytes], "form.bin"));
      for (const [name, value] of Object.entries(place)) form.set(name, value);
      if (!form.has("file")) form.set("file", new File([bytes], "form.bin"));
      return this.call("/assets", { method: "POST", body: form, headers });
    };
    const digest = sha256(bytes);
    try {
      const response = await send();
      const record = (await response.json()) as AssetRecord;
      if (response.status !== 201) throw new Unexpected(`upload ${JSON.stringify(record)}`, response.status);
      return this.#learn(record, digest, response);
    } catch (error) {
      if (key !== undefined && isUnanswered(error)) {
        this.#unanswered.push({ send, upload: { channel, sha256: digest } });
      }
      throw error;
    }
  }

  /** Remembers a new asset. */
  #learn(record: AssetRecord, digest: string, response: Response): Known {
    const { id } = record;
    const asset: Known = { id, sha256: digest, states: [undefined], maybePatched: false, maybeDeleted: false };
    this.#known.push(asset);
    this.#acknowledge(asset, response, record);
    return asset;
  }

  /** Changes or deletes an asset of `mine`. */
  async #change(asset: Known, mine: Known[]): Promise<void> {
    if (Math.random() < 0.7) {
      asset.maybePatched = true;
      const key = randomKey();
      const body = JSON.stringify(randomChange());
      const headers = { ...withKey(key), "Content-Type": "application/json" };
      const send = (): Promise<Response> => this.call(`/assets/${asset.id}`, { method: "PATCH", body, headers });
      try {
        const response = await send();
        const record = (await response.json()) as AssetRecord;
        if (response.status !== 200) throw new Unexpected("patch", response.status);
        this.#acknowledge(asset, response, record);
      } catch (error) {
        if (key !== undefined && isUnanswered(error)) {
          this.#unanswered.push({ send, asset });
          mine.splice(mine.indexOf(asset), 1);
        }
        throw error;
      }
    } else {
      asset.maybeDeleted = true;
      const response = await this.call(`/assets/${asset.id}`, { method: "DELETE" });
      await response.arrayBuffer();
      if (response.status !== 204) throw new Unexpected("delete", response.status);
      this.#acknowledge(asset, response, undefined);
    }
  }

  /** Changes and deletes several assets at once. The answer names what became of each, and a read tells its state. */
  async #batch(mine: readonly Known[]): Promise<void> {
    const some = mine.filter(({ states, maybeDeleted }) => states.at(-1) && !maybeDeleted).slice(-5);
    if (some.length === 0) return;
    const operations = some.map(({ id }) =>
      Math.random() < 0.8 ? { op: "update", id, ...randomChange() } : { op: "delete", id },
    );
    for (const [i, asset] of some.entries()) {
      if (operations[i]?.op === "delete") asset.maybeDeleted = true;
      else asset.maybePatched = true;
    }
    const body = JSON.stringify({ operations, atomic: true });
    const headers = { "Content-Type": "application/json" };
    const response = await this.call("/assets/batch", { method: "POST", body, headers });
    const answer = (await response.json()) as { data: { status: number; etag?: string }[] };
    if (response.status !== 200) throw new Unexpected(`batch ${JSON.stringify(answer)}`, response.status);
    for (const [i, asset] of some.entries()) {
      const { status, etag } = answer.data[i] ?? {};
      if (operations[i]?.op === "delete") this.#acknowledge(asset, response, undefined);
      if (operations[i]?.op === "delete" || status !== 200) continue;
      const read = await this.call(`/assets/${asset.id}`);
      const record = (await read.json()) as AssetRecord;
      expect([read.status, read.headers.get("ETag")]).toEqual([200, etag]);
      this.#acknowledge(asset, response, record);
    }
  }

  /** Deletes the newest assets of this client's own folder. Which of them they were, only reads tell. */
  async #deleteFolder(folder: string, mine: readonly Known[]): Promise<void> {
    const inside = mine.filter(({ states }) => states.at(-1));
    for (const asset of inside) asset.maybeDeleted = true;
    const response = await this.call(`/assets?partition=crash&collection=${folder}&limit=2`, { method: "DELETE" });
    const answer = (await response.json()) as { deleted: number };
    if (response.status !== 200) throw new Unexpected(`folder ${JSON.stringify(answer)}`, response.status);
    let gone = 0;
    for (const asset of inside) {
      const read = await this.call(`/assets/${asset.id}`);
      await read.arrayBuffer();
      expect([200, 404]).toContain(read.status);
      if (read.status === 404) {
        gone++;
        this.#acknowledge(asset, response, undefined);
      } else asset.maybeDeleted = false;
    }
    // An upload that was not acknowledged may have left another.
    expect(gone).toBeLessThanOrEqual(answer.deleted);
  }

  #acknowledge(asset: Known, response: Response, state: State): void {
    if (response.headers.get("Strongroom-Durability") === "queued") asset.states.push(state);
    else asset.states = [state];
    asset.maybePatched = asset.maybeDeleted = false;
    this.acknowledged++;
  }

  async #check(asset: Known, mayHaveLost: boolean): Promise<void> {
    const { id, states } = asset;
    const possible = mayHaveLost ? states : [states.at(-1)];
    const response = await this.call(`/assets/${id}`);
    const answer = (await response.json()) as AssetRecord;
    if (response.status === 404) {
      expect(asset.maybeDeleted || possible.includes(undefined), `${id} was acknowledged`).toBe(true);
      Object.assign(asset, { states: [undefined], maybePatched: false, maybeDeleted: false });
      return;
    }
    expect(response.status, `${id}: ${JSON.stringify(answer)}`).toBe(200);
    expect(possible.map((state) => comparable(state, asset, mayHaveLost && states.length > 1))).toContainEqual(
      comparable(answer, asset, mayHaveLost && states.length > 1),
    );
    Object.assign(asset, { states: [answer], maybePatched: false, maybeDeleted: false });
    const content = await this.call(`/assets/${id}/content`);
    expect(sha256(new Uint8Array(await content.arrayBuffer())), `the body of ${id}`).toBe(asset.sha256);
  }
}

/** Every other write has an Idempotency-Key. */
const randomKey = (): string | undefined => (Math.random() < 0.5 ? `k${randomBytes(8).toString("hex")}` : undefined);

const withKey = (key: string | undefined): Record<string, string> =>
  key === undefined ? {} : { "Idempotency-Key": key };

/** Whether a request was sent and got no answer. A server that is dead already does not listen. */
const isUnanswered = (error: unknown): boolean =>
  !(error instanceof Unexpected) && (error as { cause?: { code?: unknown } }).cause?.code !== "ECONNREFUSED";

/** Sends a request again while it is put off. */
async function patiently(write: Unanswered): Promise<Response> {
  const until = Date.now() + MOST_PUT_OFF_MS;
  for (;;) {
    const response = await write.send();
    if ((response.status !== 503 && response.status !== 409) || Date.now() > until) return response;
    await response.arrayBuffer();
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** A change of metadata or tags, or a move within the client's folder. */
function randomChange(): object {
  const n = Math.floor(Math.random() * 5);
  const dice = Math.random();
  if (dice < 0.4) return { metadata: { [`k${n}`]: Math.random() } };
  return dice < 0.6 ? { add_tags: [`t${n}`], remove_tags: [`t${n + 1}`] } : { channel: `h${n}`, filename: `f${n}.bin` };
}

/**
 * A state without what is not known of it. A change that was queued, and is applied again after a loss, has the time at
 * which it was applied again.
 */
function comparable(state: State, { maybePatched }: Known, isRetimed: boolean): Partial<AssetRecord> | undefined {
  if (!state) return undefined;
  const { metadata, tags, channel, filename, updated_at, created_at, ...rest } = state;
  return {
    ...rest,
    ...(maybePatched ? {} : { metadata, tags, channel, filename }),
    ...(maybePatched || isRetimed ? {} : { updated_at }),
    ...(isRetimed ? {} : { created_at }),
  };
}
