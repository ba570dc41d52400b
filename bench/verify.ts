/** Reads back at the end of a run what the vaults have acknowledged. A fast server that loses writes must not pass. */

import { createHash } from "node:crypto";
import { Connection } from "./connection.ts";
import type { Shot } from "./shot.ts";
import type { Vault } from "./vault.ts";

/** How many patched records of each vault are read back. */
const PATCHED = 50;

/** How many acknowledged writes were checked, and what was wrong. */
export interface Verdict {
  checked: number;
  faults: string[];
}

/** Reads back what all of these vaults have acknowledged. */
export async function verifyAll(vaults: readonly Vault[], largeSha256: () => string): Promise<Verdict> {
  const verdicts = [];
  for (const vault of vaults) verdicts.push(await verify(vault, largeSha256));
  return {
    checked: verdicts.reduce((sum, { checked }) => sum + checked, 0),
    faults: verdicts.flatMap(({ faults }) => faults),
  };
}

/**
 * Reads back what a vault has acknowledged: bodies byte for byte, and patched records. It also checks that the deleted
 * assets are gone. A vault that cannot be read is a fault.
 */
async function verify(vault: Vault, largeSha256: () => string): Promise<Verdict> {
  const connection = new Connection(vault.url);
  const verdict: Verdict = { checked: 0, faults: [] };
  try {
    await readBack(vault, largeSha256, connection, verdict);
  } catch (error) {
    verdict.faults.push(`${vault.id}: ${(error as Error).message}`);
  } finally {
    await connection.close();
  }
  return verdict;
}

async function readBack(
  vault: Vault,
  largeSha256: () => string,
  connection: Connection,
  verdict: Verdict,
): Promise<void> {
  const check = async (shot: Shot, wrong: (body: Buffer) => string | undefined): Promise<void> => {
    verdict.checked++;
    const answer = await connection.send({ ...shot, answered: () => {} });
    const fault = answer.status === shot.expect ? wrong(answer.body()) : `status ${answer.status}, not ${shot.expect}`;
    if (fault) verdict.faults.push(`${shot.path}: ${fault}`);
  };
  const sha256 = (expected: string) => (body: Buffer) => {
    const actual = createHash("sha256").update(body).digest("hex");
    return actual === expected ? undefined : `sha256 ${actual} of ${body.length} bytes, not ${expected}`;
  };
  const record = (body: Buffer) => JSON.parse(body.toString()) as { id: string; metadata: string };

  const { files, patched, deleted } = vault.ledger;
  for (const file of files.items) {
    await check(vault.content(file.id), sha256(file.sha256));
    await check(vault.get(file.id), (body) => (record(body).id === file.id ? undefined : "is another record"));
  }
  for (const id of Object.values(vault.large).flat()) await check(vault.content(id), sha256(largeSha256()));
  for (const [id, n] of [...patched].slice(0, PATCHED)) {
    await check(vault.get(id), (body) => {
      const { metadata } = record(body);
      return (JSON.parse(metadata) as { n: number }).n === n ? undefined : `metadata ${metadata}, not {"n":${n}}`;
    });
  }
  const gone = { expect: 404 };
  for (const id of deleted.items) {
    await check({ ...vault.get(id), ...gone }, () => undefined);
    await check({ ...vault.content(id), ...gone }, () => undefined);
  }
}
