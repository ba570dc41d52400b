/** One request of a scenario. */
export interface Shot {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE" | "PUT";
  readonly path: string;
  /** Names and values in turns. */
  readonly headers?: string[];
  readonly body?: Buffer | string;
  /** The one status that counts as success. */
  readonly expect: number;
  /** Sees the body of a successful answer; without it the body is counted and dropped. */
  readonly answered?: (body: Buffer) => void;
}
