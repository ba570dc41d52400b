import type { IncomingHttpHeaders } from "node:http";

/** One request of a scenario. */
export interface Shot {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE" | "PUT";
  readonly path: string;
  /** Names and values by turns. */
  readonly headers?: string[];
  readonly body?: Buffer | string;
  /** The one status that counts as success. */
  readonly expect: number;
  /**
   * Takes the body of a successful answer and its Location, and may return how many records the body holds. Without
   * this function, the body is counted and dropped.
   */
  readonly answered?: (body: Buffer, location: string) => number | void;
  /** Looks at the headers of a successful answer, by their names in lower case. */
  readonly met?: (headers: IncomingHttpHeaders) => void;
}
