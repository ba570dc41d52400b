/**
 * The contract that the five endpoints began with: recorded exchanges, played again in every version. Of an answer the
 * status and the body must be the same byte for byte, its keys in their order, but for what cannot be: ids, times, cursors
 * and the words of an error's message, which has to name what was wrong. The recorded headers must be there, by their
 * names; others may be added.
 *
 * Changing this file or exchanges.ts needs a line in CHANGELOG.md: a client somewhere relies on what is recorded.
 *
 * To add an exchange, write its request into exchanges.ts with an empty answer, and record all answers anew. Git then
 * shows whether any other has changed, which none should:
 *
 *     VITE_RECORD=1 npm test -- test/contract/seed.test.ts -u && npm run format
 */
import { beforeAll, describe, expect, it } from "vitest";
import { TestVault } from "../support/api.ts";
import { everywhere, stories } from "./exchanges.ts";
import { Replay, type Story } from "./replay.ts";

/** Vite hands on what begins with VITE_: a test in workerd has no environment of the shell's. */
const recording = (import.meta as ImportMeta & { env: Record<string, unknown> }).env["VITE_RECORD"] !== undefined;

describe.each(recording ? [] : stories)("seed: $name", ({ exchanges }) => {
  let replay: Replay;
  beforeAll(async () => {
    replay = new Replay(await TestVault.create());
  });

  it.each(exchanges)("$name", async (exchange) => {
    const { answer, message } = await replay.play(exchange);
    const { status, headers, body } = exchange.answer;
    expect({ status: answer.status, body: answer.body }).toEqual({ status, body });
    const missing = [...everywhere, ...headers].filter((name) => !answer.headers.includes(name));
    expect(missing).toEqual([]);
    for (const name of exchange.mentions ?? []) expect(message).toContain(name);
  });
});

const record = async (): Promise<void> => {
  const recorded = [];
  for (const { name, exchanges } of stories) {
    const replay = new Replay(await TestVault.create());
    const played = [];
    for (const exchange of exchanges) played.push({ ...exchange, answer: (await replay.play(exchange)).answer });
    recorded.push({ name, exchanges: played });
  }
  const [first, ...answers] = recorded.flatMap(({ exchanges }) => exchanges.map(({ answer }) => answer));
  const common = first?.headers.filter((name) => answers.every(({ headers }) => headers.includes(name))) ?? [];
  for (const answer of [first, ...answers]) {
    if (answer) answer.headers = answer.headers.filter((name) => !common.includes(name));
  }
  await expect(source(common, recorded)).toMatchFileSnapshot("./exchanges.ts");
};

/** On one line as far as it goes: the formatter breaks what is too long. */
const source = (common: readonly string[], recorded: readonly Story[]): string =>
  `// Recorded by seed.test.ts, which says how. Changing this file needs a line in CHANGELOG.md.
import type { Story } from "./replay.ts";

/** Names of the headers that every answer has. */
export const everywhere: readonly string[] = ${JSON.stringify(common)};

export const stories: readonly Story[] = ${JSON.stringify(recorded)};
`;

if (recording) it("seed: is recorded", record);
