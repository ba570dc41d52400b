/** Fires requests over connections, and measures what comes back. */

import { createHistogram, type RecordableHistogram } from "node:perf_hooks";
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import { Connection } from "./connection.ts";
import type { Shot } from "./shot.ts";

/** What a run came to. Only successful requests count. What failed is in `unexpected`. */
export interface Run {
  requests: number;
  /** Records that the answers held, as far as whoever made the requests counted them. */
  records: number;
  /** Bytes of request bodies and of response bodies. */
  bytes: number;
  seconds: number;
  /**
   * Microseconds. With a rate they are counted from when the request should have begun, so that a stall is not left
   * out.
   */
  latency: RecordableHistogram;
  /** The statuses that were not expected and the errors of connections, each with how often it came. */
  unexpected: Map<string, number>;
}

export interface Load {
  readonly url: string;
  readonly connections: number;
  readonly seconds: number;
  /**
   * Requests per second, which are begun whether or not earlier ones are done. Undefined: each connection sends as fast
   * as it can.
   */
  readonly rate?: number | undefined;
  /** Makes the next request of a connection; undefined when there is nothing more to do. */
  readonly next: (connection: number) => Shot | undefined;
  /** Whether the first failure ends the run. */
  readonly strict?: boolean;
}

/** How long a connection that failed waits before it tries again. Milliseconds. */
const PAUSE_MS = 50;

/**
 * Longer than the longest round and the longest silence after it, because a histogram drops what is above its bound.
 * Microseconds.
 */
const LONGEST_US = 2 * 3_600 * 1_000_000;

export const newHistogram = (): RecordableHistogram => createHistogram({ lowest: 1, highest: LONGEST_US, figures: 3 });

/** Fires requests over as many connections as the load says. They are open before the clock starts. */
export async function fire(load: Load): Promise<Run> {
  const run: Run = { requests: 0, records: 0, bytes: 0, seconds: 0, latency: newHistogram(), unexpected: new Map() };
  const connections = Array.from({ length: load.connections }, () => new Connection(load.url));
  await Promise.all(connections.map((connection) => connection.open()));
  const started = performance.now();
  const end = started + load.seconds * 1_000;
  let scheduled = 0;
  await Promise.all(
    connections.map(async (connection, i) => {
      for (;;) {
        const intended = load.rate ? started + (scheduled++ * 1_000) / load.rate : performance.now();
        if (intended >= end || (load.strict && run.unexpected.size > 0)) return;
        if (load.rate) await until(intended);
        const shot = load.next(i);
        if (!shot) return;
        await shoot(connection, shot, intended, run);
      }
    }),
  );
  run.seconds = (performance.now() - started) / 1_000;
  await Promise.all(connections.map((connection) => connection.close()));
  return run;
}

async function shoot(connection: Connection, shot: Shot, intended: number, run: Run): Promise<void> {
  let failure: string;
  try {
    const answer = await connection.send(shot);
    if (answer.status === shot.expect) {
      run.latency.record(Math.max(1, Math.round((performance.now() - intended) * 1_000)));
      run.requests++;
      run.bytes += answer.bytes + (shot.body?.length ?? 0);
      shot.met?.(answer.headers);
      run.records += shot.answered?.(answer.body(), answer.location) ?? 0;
      return;
    }
    failure = String(answer.status);
  } catch (error) {
    failure = (error as { code?: string }).code ?? String(error);
    await sleep(PAUSE_MS);
  }
  run.unexpected.set(failure, (run.unexpected.get(failure) ?? 0) + 1);
}

/**
 * Waits until `time`, on the clock of performance.now(). Timers come up to a millisecond late, which would be taken for
 * the server's time. So the last stretch is waited out in turns of the event loop.
 */
async function until(time: number): Promise<void> {
  for (let wait = time - performance.now(); wait > 0; wait = time - performance.now()) {
    await (wait > 2 ? sleep(wait - 1.5) : turn());
  }
}
