import { build, type Histogram } from "hdr-histogram-js";
import { Client } from "undici";

/** One request of a scenario. */
export interface Shot {
  method: "GET" | "POST" | "PATCH" | "DELETE" | "PUT";
  path: string;
  headers?: Record<string, string>;
  body?: Buffer | string;
  /** The one status that counts as success. */
  expect: number;
  /** Sees the body of the answer; without it the body is read and dropped. */
  answered?: (body: Buffer) => void;
}

/** What one run of a scenario came to. */
export interface Run {
  perSecond: number;
  megabytesPerSecond: number;
  /** Microseconds. With a rate, counted from when the request should have begun, so that a stall is not left out. */
  latency: Histogram;
  requests: number;
  /** Statuses that were not expected, and how often; "error" for a connection that failed. */
  unexpected: Map<string, number>;
}

export interface Load {
  url: string;
  concurrency: number;
  /** Seconds. */
  duration: number;
  /** Requests per second, begun whether or not earlier ones are done; undefined: each connection as fast as it can. */
  rate?: number | undefined;
  /** Makes the next request; undefined when there is nothing more to do. */
  next: (client: number) => Shot | undefined;
}

/** Fires a scenario's requests over as many connections as it has clients, for its duration. */
export async function fire(load: Load): Promise<Run> {
  const latency = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 600_000_000,
    numberOfSignificantValueDigits: 3,
  });
  const unexpected = new Map<string, number>();
  const clients = Array.from(
    { length: load.concurrency },
    () => new Client(load.url, { pipelining: 1, bodyTimeout: 600_000, headersTimeout: 600_000 }),
  );
  const started = performance.now();
  const end = started + load.duration * 1_000;
  let requests = 0;
  let bytes = 0;
  let scheduled = 0;

  const shoot = async (client: Client, shot: Shot, intended: number): Promise<void> => {
    try {
      const { statusCode, body } = await client.request({
        method: shot.method,
        path: shot.path,
        headers: shot.headers ?? null,
        body: shot.body ?? null,
      });
      if (shot.answered && statusCode === shot.expect) {
        const answer = Buffer.from(await body.arrayBuffer());
        bytes += answer.length;
        shot.answered(answer);
      } else for await (const chunk of body) bytes += (chunk as Buffer).length;
      if (statusCode !== shot.expect) unexpected.set(String(statusCode), (unexpected.get(String(statusCode)) ?? 0) + 1);
      bytes += shot.body?.length ?? 0;
      requests++;
    } catch (error) {
      const name = `error ${(error as { code?: string }).code ?? String(error)}`;
      unexpected.set(name, (unexpected.get(name) ?? 0) + 1);
    }
    latency.recordValue(Math.max(1, Math.round((performance.now() - intended) * 1_000)));
  };

  await Promise.all(
    clients.map(async (client, i) => {
      while (performance.now() < end) {
        let intended = performance.now();
        if (load.rate) {
          intended = started + (scheduled++ * 1_000) / load.rate;
          if (intended > end) break;
          const wait = intended - performance.now();
          if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
        }
        const shot = load.next(i);
        if (!shot) break;
        await shoot(client, shot, intended);
      }
    }),
  );
  const seconds = (performance.now() - started) / 1_000;
  await Promise.all(clients.map((client) => client.close()));
  return { perSecond: requests / seconds, megabytesPerSecond: bytes / 1e6 / seconds, latency, requests, unexpected };
}
