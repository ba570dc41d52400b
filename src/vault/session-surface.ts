/** The part of the vault's surface that is about sessions, which are resumable uploads under way. */

import { DurableObject } from "cloudflare:workers";
import type { Env } from "../env.ts";
import type { Result } from "../model/refusal.ts";
import type { NewSession, SessionBody, SessionCommit, SessionSave, Taken, Taking } from "../model/session.ts";
import type { Caller } from "../model/vault.ts";
import { Lifecycle } from "./lifecycle.ts";
import { SessionDesk } from "./sessions.ts";

/** The methods say what {@link SessionDesk} says of them. */
export abstract class SessionSurface extends DurableObject<Env> {
  protected readonly life: Lifecycle;
  readonly #desk: SessionDesk;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.life = new Lifecycle(ctx, env);
    this.#desk = new SessionDesk(this.life);
  }

  async createSession(caller: Caller, session: NewSession): Promise<Result<Taken>> {
    return this.#desk.create(caller, session);
  }

  async lookAtSession(caller: Caller, id: string): Promise<Result<Taken>> {
    return this.#desk.look(caller, id);
  }

  async takeSession(caller: Caller, id: string, taking: Taking): Promise<Result<Taken>> {
    return this.#desk.take(caller, id, taking);
  }

  async signSession(caller: Caller, id: string, fence: number): Promise<Result> {
    return this.#desk.sign(caller, id, fence);
  }

  async saveSession(caller: Caller, id: string, fence: number, save: SessionSave): Promise<Result<{ ends: number }>> {
    return this.#desk.save(caller, id, fence, save);
  }

  async releaseSession(caller: Caller, id: string, fence: number): Promise<Result> {
    return this.#desk.release(caller, id, fence);
  }

  async commitSession(caller: Caller, id: string, fence: number, body: SessionBody): Promise<Result<SessionCommit>> {
    return this.#desk.commit(caller, id, fence, body);
  }

  async endSession(caller: Caller, id: string): Promise<Result> {
    return this.#desk.end(caller, id);
  }
}
