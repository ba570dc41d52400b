/** What an endpoint of the API consists of, as data. The endpoints themselves: endpoints.ts. */

import type * as v from "valibot";
import type { ErrorCode } from "../model/refusal.ts";
import type { Access } from "./access.ts";
import type { RequestHeader, ResponseHeader } from "./headers.ts";
import type { ObjectSchema } from "./parse.ts";

/** The path of a vault. */
export const VAULT = "/api/v1/vaults/:vaultId";

/** A JSON body: what it must be, by its media type. One that is optional may be absent, and then has no fields. */
export interface JsonBody {
  readonly json: Readonly<Record<string, ObjectSchema>>;
  readonly optional?: true;
  readonly example: object;
}

/** A body that is a file, or a form around one: the media types that are taken. */
export interface FileBody {
  readonly file: readonly string[];
  /** Of the form, beside the file. */
  readonly form: ObjectSchema;
}

/** A body that is some bytes of a file: the media types that are taken. */
export interface BytesBody {
  readonly bytes: readonly string[];
  readonly is: string;
  readonly optional?: true;
}

/** An answer that is no refusal. */
export interface Answer {
  readonly is: string;
  /** The schema of a JSON answer, or a file. */
  readonly body?: v.GenericSchema | "file";
  /** Headers that it always carries, beside those that every answer carries. */
  readonly headers?: readonly ResponseHeader[];
  /** Headers that it may carry. */
  readonly mayHave?: readonly ResponseHeader[];
}

/** One operation of the API, as data. */
export interface Endpoint {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  /** As itty-router writes patterns. A trailing slash is allowed everywhere, and HEAD where GET is. */
  readonly path: string;
  readonly access: Access;
  /** In a few words. */
  readonly does: string;
  /** What a caller must know beside that. Markdown. */
  readonly notes?: string;
  /** What the query must be: unknown parameters are refused. */
  readonly query?: ObjectSchema;
  /** Parameters that mean something where unknown ones are ignored. */
  readonly parameters?: ObjectSchema;
  /** Headers that mean something. */
  readonly headers?: readonly RequestHeader[];
  readonly body?: JsonBody | FileBody | BytesBody;
  /** Headers that every answer carries, refusals too, with their values. */
  readonly always?: Readonly<Partial<Record<ResponseHeader, string>>>;
  /** Headers that an answer to OPTIONS carries at this path. */
  readonly options?: Readonly<Partial<Record<ResponseHeader, string>>>;
  readonly answers: Readonly<Record<number, Answer>>;
  /** Refusals beside those that follow from the access, the query and the body. */
  readonly refusals?: readonly ErrorCode[];
}

/** The media types of the bodies that an endpoint takes; none when it takes no body. */
export function bodyTypes({ body }: Endpoint): readonly string[] {
  if (!body) return [];
  if ("bytes" in body) return body.bytes;
  return "json" in body ? Object.keys(body.json) : body.file;
}
