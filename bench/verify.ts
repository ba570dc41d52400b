/** Reads back at the end of a run what the vaults have acknowledged. A fast server that loses writes must not pass. */

import { createHash } from "node:crypto";
import { StrongroomError } from "../src/client/index.ts";
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
async function verify({ client, ledger, large, id }: Vault, largeSha256: () => string): Promise<Verdict> {
  const { assets } = client;
  const verdict: Verdict = { checked: 0, faults: [] };
  const check = async (what: string, wrong: () => Promise<string | undefined>): Promise<void> => {
    verdict.checked++;
    const fault = await wrong().catch((error: unknown) => (error as Error).message);
    if (fault !== undefined) verdict.faults.push(`${id}: ${what}: ${fault}`);
  };
  const body = async (asset: string, expected: string): Promise<string | undefined> => {
    const bytes = new Uint8Array(await (await assets.download(asset)).arrayBuffer());
    const actual = createHash("sha256").update(bytes).digest("hex");
    return actual === expected ? undefined : `sha256 ${actual} of ${bytes.length} bytes, not ${expected}`;
  };
  const gone = async (call: Promise<unknown>): Promise<string | undefined> => {
    try {
      await call;
      return "is not gone";
    } catch (error) {
      return error instanceof StrongroomError && error.status === 404 ? undefined : (error as Error).message;
    }
  };

  for (const { id: asset, sha256 } of ledger.files.items) {
    await check(`the file of ${asset}`, () => body(asset, sha256));
    await check(asset, async () => ((await assets.get(asset)).id === asset ? undefined : "is another record"));
  }
  for (const asset of Object.values(large).flat())
    await check(`the file of ${asset}`, () => body(asset, largeSha256()));
  for (const [asset, n] of [...ledger.patched].slice(0, PATCHED)) {
    await check(asset, async () => {
      const { metadata } = await assets.get(asset);
      return metadata["n"] === n ? undefined : `metadata ${JSON.stringify(metadata)}, not {"n":${n}}`;
    });
  }
  for (const asset of ledger.deleted.items) {
    await check(asset, () => gone(assets.get(asset)));
    await check(`the file of ${asset}`, () => gone(assets.download(asset)));
  }
  return verdict;
}
