/**
 * What a handler works with: the request, its credential, its body, its calls to the vault, and the line that it logs.
 */

import type { Env } from "../env.ts";
import { log } from "../runtime/log.ts";
import { isVaultId } from "../model/id.ts";
import { MAX_DRAIN_BYTES, MAX_DRAIN_MS, MAX_STRANGER_DRAIN_BYTES } from "../model/limits.ts";
import { invalid, refuse, type Refusal, type Result } from "../model/refusal.ts";
import type { RateState } from "../model/settings.ts";
import { Watchdog } from "../runtime/wait.ts";
import type { TicketTerms } from "../model/ticket.ts";
import type { Caller, Principal } from "../model/vault.ts";
import { type CallKind, callVault, type VaultStub } from "../vault/client.ts";
import type { Access } from "../api/access.ts";
import type { EndpointId } from "../api/endpoints.ts";
import { authenticate, authenticateByUrl, authorize } from "./auth.ts";
import { verifyLink } from "./link.ts";
import { bufferedPeak } from "./memory.ts";
import { TICKET, verifyTicket } from "./ticket.ts";
import { malformedParameter, parseQuery, percentDecode, type Query } from "./query.ts";
import { BodyReader } from "./body-reader.ts";
import { bodyLength, type Reply } from "./reply.ts";

const NO_QUERY: Query = {};

/** The paths of resumable uploads. */
const UPLOADS = /^\/api\/v1\/vaults\/[^/]+\/uploads(?:\/|$)/;

/** What a request uses of the runtime's context: it announces work that must go on after its client has gone. */
export type RequestContext = Pick<ExecutionContext, "waitUntil">;

/**
 * A request on its way through the router. The router matches on `method` and `path`, where HEAD counts as GET, and
 * sets `params` and `endpoint`.
 */
export class ApiRequest {
  readonly id = `req_${crypto.randomUUID()}`;
  readonly request: Request;
  readonly env: Env;
  readonly #context: RequestContext;
  /** The method that the client means. It is read once: each look at a property of the request crosses into the runtime. */
  readonly sentMethod: string;
  readonly method: string;
  readonly url: string;
  /** The path as it was sent: percent-encoded, without the query. */
  readonly path: string;
  readonly #search: string;
  #query: Query | undefined;
  params: Record<string, string> = {};
  /** The endpoint whose path and method match; undefined when there is none. */
  endpoint: EndpointId | undefined;
  readonly #started = Date.now();
  /**
   * Milliseconds spent in calls to vaults, by writes in waiting for their group to be committed, and by vaults in waiting
   * for D1 and R2.
   */
  readonly #timings = { vault: 0, queue: 0, durable: 0 };
  /** Set by {@link allow}. Only an endpoint that anyone may call goes without. */
  #principal: Principal | undefined;
  #reader: BodyReader | undefined;
  /** Bounds what this request waits for: its body, R2, and the vault's answer to a write. */
  readonly watchdog = new Watchdog();
  /** What lets this request in, when it is no key. */
  #by: "link" | "ticket" | undefined;
  /** What the ticket says by which this request comes. */
  ticket: TicketTerms | undefined;
  /** Whether the key was sent in the URL. */
  isByUrl = false;
  /** Whether the Worker's own cache had the answer. Null when it was not asked. */
  cache: "hit" | "miss" | null = null;
  /** Whether the vault was called. It has then looked at the key. */
  #hasAskedVault = false;
  /** Where the vault's rate stood at its last answer. Undefined when it has none. */
  rate: RateState | undefined;

  constructor(request: Request, env: Env, context: RequestContext) {
    this.request = request;
    this.env = env;
    this.#context = context;
    this.url = request.url;
    const start = this.url.indexOf("/", this.url.indexOf("://") + 3);
    const end = this.url.indexOf("?", start);
    this.path = this.url.slice(start, end < 0 ? undefined : end);
    this.#search = end < 0 ? "" : this.url.slice(end + 1);
    this.sentMethod = this.#sentMethod();
    this.method = this.isHead ? "GET" : this.sentMethod;
  }

  /**
   * The method, which tus has a client name in a header where something on the way lets no other than POST through. Only
   * resumable uploads have that: a GET stays what it is.
   */
  #sentMethod(): string {
    const { method } = this.request;
    if (method !== "POST" || !UPLOADS.test(this.path)) return method;
    return this.header("X-HTTP-Method-Override")?.trim().toUpperCase() || method;
  }

  get isHead(): boolean {
    return this.sentMethod === "HEAD";
  }

  header(name: string): string | null {
    return this.request.headers.get(name);
  }

  /** The query. It is parsed on first use, because most requests have none. */
  get query(): Query {
    this.#query ??= parseQuery(this.#search);
    return this.#query;
  }

  /**
   * The first query parameter whose value is not what the client meant, because it is not UTF-8; undefined when there
   * is none.
   */
  get malformedParameter(): string | undefined {
    return malformedParameter(this.#search);
  }

  /** A path parameter, percent-decoded. One that cannot be decoded is no id, and stays as it is. */
  param(name: string): string {
    const raw = this.params[name] ?? "";
    return percentDecode(raw) ?? raw;
  }

  get vaultId(): string {
    return this.param("vaultId");
  }

  /** The reader of the body. It is made on first use, because it locks the request's stream. */
  get reader(): BodyReader {
    // What the operator sends, and what is merely drained, takes no vault's memory.
    const owner = this.#principal?.kind === "key" ? this.#principal.vaultId : "";
    this.#reader ??= new BodyReader(this.request, this.watchdog, owner);
    return this.#reader;
  }

  get principal(): Principal {
    if (!this.#principal) throw new Error("the endpoint is for anyone");
    return this.#principal;
  }

  /** The id of the key that asks, for an endpoint that only keys may ask. */
  get keyId(): string {
    const { principal } = this;
    if (principal.kind !== "key") throw new Error("the endpoint is for keys alone");
    return principal.keyId;
  }

  /** What the vault is told of its caller with the next call. The first one of a request pays for all. */
  nextCaller(): Caller {
    const { principal: actor, id: request } = this;
    const ticket = this.ticket && { id: this.ticket.id, generation: this.ticket.generation };
    const caller: Caller = { actor, request, ...(ticket ? { ticket } : {}) };
    if (this.#hasAskedVault) return { ...caller, isPaid: true };
    this.#hasAskedVault = true;
    return caller;
  }

  /**
   * Refuses a caller that does not have this access, as far as the credential alone can tell; undefined when it may
   * pass.
   */
  async allow(access: Access): Promise<Refusal | undefined> {
    if (access === "anyone") return undefined;
    if (access === "upload" && this.query[TICKET] !== undefined) return this.#allowTicket();
    const { token, signature } = access === "content" ? this.query : NO_QUERY;
    const isBare = this.header("Authorization") === null;
    if (token !== undefined && (typeof token !== "string" || signature !== undefined || !isBare)) {
      return invalid("token: must be given once, and neither beside a signature nor beside Authorization");
    }
    // Links are to assets, not to paths.
    if (signature !== undefined && isBare && this.params["assetId"] !== undefined) return this.#allowLink();
    this.isByUrl = token !== undefined;
    const authenticated =
      token === undefined ? await authenticate(this.request, this.env) : await authenticateByUrl(this.env, token);
    if (!authenticated.ok) return authenticated;
    this.#principal = authenticated.principal;
    const vaultId = this.params["vaultId"] === undefined ? undefined : this.vaultId;
    return authorize(authenticated.principal, access, vaultId);
  }

  async #allowLink(): Promise<Refusal | undefined> {
    const place = { vaultId: this.vaultId, assetId: this.param("assetId") };
    const verified = await verifyLink(this.env, place, this.query);
    if (!verified.ok) return verified;
    this.#principal = verified.principal;
    this.#by = "link";
    return undefined;
  }

  async #allowTicket(): Promise<Refusal | undefined> {
    const { vaultId, query } = this;
    const request = { vaultId, query, authorization: this.header("Authorization") };
    const verified = await verifyTicket(this.env, request, this.params["uploadId"] === undefined);
    if (!verified.ok) return verified;
    this.#principal = verified.principal;
    this.ticket = verified.terms;
    this.#by = "ticket";
    return undefined;
  }

  /** Calls the vault of the request's path. */
  async vault<T extends object>(
    kind: CallKind,
    call: (stub: VaultStub, caller: Caller) => Promise<Result<T>>,
  ): Promise<Result<T>> {
    return this.timed(callVault(this, kind, (stub) => call(stub, this.nextCaller())));
  }

  /** Counts a call to the vault into this request's timings, and keeps what its answer says of the rate. */
  async timed<T extends object>(call: Promise<Result<T>>): Promise<Result<T>> {
    const started = Date.now();
    const outcome = await call;
    this.#timings.vault += Date.now() - started;
    if (outcome.rate) this.rate = outcome.rate;
    if (outcome.queued !== undefined) this.#timings.queue += outcome.queued;
    if ("waited" in outcome && typeof outcome.waited === "number") this.#timings.durable += outcome.waited;
    // Whoever came by a link or a ticket has no key to be told about.
    const isOver = this.#by !== undefined && !outcome.ok && outcome.code === "UNAUTHORIZED";
    return isOver ? refuse("FORBIDDEN", `this ${this.#by} is no longer valid`) : outcome;
  }

  /**
   * What to answer when the router has a refusal. A key that no longer acts is told so (401) before anything else. If
   * the vault has not looked at the key yet, it is asked now, which costs a call only where something is wrong already.
   */
  async refusal(refusal: Refusal): Promise<Refusal> {
    const principal = this.#principal;
    // What the cache is asked for needs no vault, whatever the answer is.
    if (principal?.kind !== "key" || this.#hasAskedVault || this.cache === "hit") return refusal;
    // The key may belong to another vault than the path names.
    const target = { env: this.env, vaultId: principal.vaultId, id: this.id, watchdog: this.watchdog };
    const checked = await this.timed(callVault(target, "repeatable", (stub) => stub.checkKey(this.nextCaller())));
    return checked.ok ? refusal : checked;
  }

  /**
   * Does work that has to come to an end even if the client disconnects. On Workers, all other work of the request may
   * then simply stop. The runtime is told before this work begins.
   */
  async lasting<T extends object>(work: () => Promise<Result<T>>): Promise<Result<T>> {
    const done = Promise.resolve().then(work);
    this.#context.waitUntil(done.catch(() => {})); // Whoever waits for `done` sees its failure.
    return done;
  }

  /** Has work go on after the answer. It must come to an end, and must not fail. */
  after(work: Promise<void>): void {
    this.#context.waitUntil(work);
  }

  /**
   * The value of Server-Timing, in milliseconds: the time in all, in the vault, and of that in waiting for D1 and R2.
   */
  get serverTiming(): string {
    const { vault, durable } = this.#timings;
    return `total;dur=${Date.now() - this.#started}, vault;dur=${vault}, durable;dur=${durable}`;
  }

  /**
   * Logs the one line that says how the request went. It holds no token, no metadata and no name that a client chose.
   */
  log(reply: Reply): void {
    log("request", {
      request: this.id,
      method: this.sentMethod.slice(0, 16),
      endpoint: this.endpoint ?? null,
      vault: isVaultId(this.vaultId) ? this.vaultId : null,
      status: reply.status,
      ms: Date.now() - this.#started,
      vault_ms: this.#timings.vault,
      queue_ms: this.#timings.queue,
      durable_ms: this.#timings.durable,
      bytes_in: this.#reader?.bytesRead ?? 0,
      bytes_out: bodyLength(reply),
      cache: this.cache,
      buffered_peak: bufferedPeak(),
    });
  }

  /** Ends the request: gives up what it waits for and what it holds. */
  end(): void {
    this.#reader?.release();
    this.watchdog.stop();
  }

  /** Reads the rest of the body, within bounds, so that the client can read the answer. */
  async drain(): Promise<void> {
    if (!this.request.body) return;
    await this.reader.drain(this.#principal ? MAX_DRAIN_BYTES : MAX_STRANGER_DRAIN_BYTES, MAX_DRAIN_MS);
  }
}

/** Answers a request, or refuses it. */
export type Handler = (api: ApiRequest) => Promise<Reply | Refusal>;
