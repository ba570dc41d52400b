/** What a request that goes on with a session has around it: its vault, R2, and its place as the session's holder. */

import type { ApiRequest } from "../../http/request.ts";
import { must, refuse, Refused, type Result, unavailable } from "../../model/refusal.ts";
import type { HeldSession, SessionBody, SessionCommit, SessionSave } from "../../model/session.ts";
import { Bucket } from "../../r2/bucket.ts";
import { logError } from "../../runtime/log.ts";
import { R2_TIMEOUT_MS } from "../../runtime/timeouts.ts";
import { TimeoutError, type Watchdog } from "../../runtime/wait.ts";
import { SESSION_SIGN_MS } from "../limits.ts";

export class SessionContext {
  readonly #api: ApiRequest;
  readonly #session: HeldSession;
  readonly bucket: Bucket;
  /** When the session ends unless bytes come, in epoch milliseconds. */
  ends: number;
  /** Whether the session names a multipart upload, as far as can be told: a save may have come without an answer. */
  mayBeNamed: boolean;
  /** Whether the vault has said that the request can save nothing any more. */
  isLost = false;

  constructor(api: ApiRequest, session: HeldSession) {
    this.#api = api;
    this.#session = session;
    this.ends = session.ends;
    this.mayBeNamed = session.multipart !== null;
    this.bucket = new Bucket(api.env.BUCKET, api.watchdog);
  }

  get vaultId(): string {
    return this.#api.vaultId;
  }

  get watchdog(): Watchdog {
    return this.#api.watchdog;
  }

  /**
   * Shows the vault that the request makes progress. Throws Refused when the session is no longer its own. A vault that
   * does not answer is asked again with the next save, which decides.
   */
  async sign(): Promise<void> {
    const { id, fence } = this.#session;
    const shown = await this.#api.vault("once", (stub, caller) => stub.signSession(caller, id, fence));
    if (shown.ok || shown.code === "UNAVAILABLE") return;
    this.isLost = true;
    throw new Refused(shown);
  }

  /** Has the vault save what is safe. Throws Refused when it does not. */
  async save(save: SessionSave): Promise<void> {
    const { id, fence } = this.#session;
    const wasNamed = this.mayBeNamed;
    this.mayBeNamed ||= save.multipart !== null;
    let attempts = 0;
    const outcome = await this.#api.vault("repeatable", (stub, caller) => {
      attempts++;
      return stub.saveSession(caller, id, fence, save);
    });
    if (!outcome.ok && attempts === 1 && !outcome.lost) {
      this.mayBeNamed = wasNamed;
      this.isLost = outcome.code !== "UNAVAILABLE";
    }
    this.ends = must(outcome).ends;
  }

  /** Gives the session back, if the last save has not. Never throws: the vault takes it back by itself after a while. */
  async release(): Promise<void> {
    const { id, fence } = this.#session;
    try {
      await this.#api.vault("once", (stub, caller) => stub.releaseSession(caller, id, fence));
    } catch (error) {
      this.log("session: could not be released", error);
    }
  }

  /**
   * Has the vault make an asset of a body. `isCertain` is false when it is not known whether it has: a first attempt may
   * have been made without an answer.
   */
  async commit(body: SessionBody): Promise<{ outcome: Result<SessionCommit>; isCertain: boolean }> {
    const { id, fence } = this.#session;
    let attempts = 0;
    try {
      const outcome = await this.#api.vault("repeatable", (stub, caller) => {
        attempts++;
        return stub.commitSession(caller, id, fence, body);
      });
      return { outcome, isCertain: outcome.ok || (attempts === 1 && !outcome.lost) };
    } catch (error) {
      this.log("session: commit failed", error);
      return { outcome: unavailable("the upload could not be committed: try again"), isCertain: false };
    }
  }

  /** Ends the session because R2 cannot go on with it. Returns what the request is to throw. */
  async lost(): Promise<Refused> {
    must(await this.#api.vault("repeatable", (stub, caller) => stub.endSession(caller, this.#session.id)));
    return new Refused(refuse("UPLOAD_EXPIRED", "what was stored of this upload is lost: begin another"));
  }

  /**
   * Waits for a call to R2, which bounds itself, and shows the vault meanwhile that the request lives. A failure becomes a
   * 503, because it is not the client's fault and passes.
   */
  async storing<T>(call: Promise<T>): Promise<T> {
    let isOver = false;
    const noted = call.finally(() => {
      isOver = true;
    });
    noted.catch(() => {}); // Whoever waits below sees the failure, unless the session was lost first.
    for (;;) {
      try {
        return await this.watchdog.within(SESSION_SIGN_MS, noted);
      } catch (error) {
        if (error instanceof Refused) throw error;
        if (!(error instanceof TimeoutError) || isOver) {
          this.log("session: R2 failed", error);
          throw Object.assign(new Refused(unavailable("the bytes could not be stored: try again")), { cause: error });
        }
        await this.sign();
      }
    }
  }

  /**
   * The bytes of an object in R2. Whoever stops early tells R2 so. One that is not there is the end of the session: 410.
   * Throws Refused, 503 when R2 fails.
   */
  async *stream(key: string): AsyncGenerator<Uint8Array> {
    const body = await this.storing(this.bucket.get(key, {}));
    if (!body) throw await this.lost();
    const reader = (body.body as ReadableStream<Uint8Array>).getReader();
    let size = 0;
    try {
      for (;;) {
        const { done, value } = await this.storing(this.watchdog.within(R2_TIMEOUT_MS, reader.read()));
        if (done) break;
        size += value.length;
        yield value;
      }
    } finally {
      reader.cancel().catch(() => {});
    }
    if (size !== body.size) throw new Refused(unavailable("the bytes could not be read: try again"));
  }

  log(event: string, error: unknown): void {
    logError(event, error, { request: this.#api.id, vault: this.vaultId, session: this.#session.id });
  }
}
