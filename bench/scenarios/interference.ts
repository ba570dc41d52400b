import { fire, type Run } from "../load.ts";
import type { Bench, Round, Scenario } from "../scenario.ts";
import { READ_SET } from "../vault.ts";
import { fill } from "../vaults.ts";

const READERS = 8;
const WRITERS = 16;

/**
 * What writes cost the reads of the same vault: the p99 of get while the vault takes uploads at full rate, beside that
 * of get alone.
 */
export async function interference({ deployment, files }: Bench): Promise<Scenario[]> {
  const { url, vaults } = deployment;
  const vault = await vaults.one();
  const reads: Round = (seconds) => fire({ url, connections: READERS, seconds, next: () => vault.get(vault.any()) });
  const readsAndWrites: Round = async (seconds): Promise<Run> => {
    const [read, written] = await Promise.all([
      reads(seconds),
      fire({ url, connections: WRITERS, seconds, next: () => vault.upload("form") }),
    ]);
    if (written.requests === 0) written.unexpected.set("no upload succeeded", 1);
    return { ...read, unexpected: new Map([...read.unexpected, ...written.unexpected]) };
  };
  return [
    {
      group: "Reads while the same vault is written",
      name: `get, during uploads of ${files.label}`,
      connections: READERS,
      figure: "p99",
      ours: readsAndWrites,
      other: { name: "get alone", round: reads },
      prepare: () => fill([vault], READ_SET),
    },
  ];
}
