import { ask } from "../connection.ts";
import { fire } from "../load.ts";
import type { Bench, Round, Scenario } from "../scenario.ts";
import { removeLarge } from "../vaults.ts";
import { loads } from "./one.ts";

/** Two connections are enough to keep a link or a disk busy, and leave memory for both sides. */
const CONNECTIONS = 2;

/** How much of a file that is uploaded in several requests goes into one. Bytes. */
const REQUEST_BYTES = 10 * 1024 * 1024;

/** Uploads and downloads of files of the largest size. */
export async function large(bench: Bench): Promise<Scenario[]> {
  const { files, deployment } = bench;
  const { ceiling } = deployment;
  const vault = await deployment.vaults.one();
  const scenario = loads(bench, "Large files (100 MiB)", "megabytes", CONNECTIONS);

  /**
   * Deletes what was uploaded before, or a long run would fill the disk. The newest files stay, to be read back at the
   * end.
   */
  const tidy = async (): Promise<void> => {
    await removeLarge(vault, 1);
    await ceiling?.forget();
  };
  const stored = async (): Promise<void> => {
    if (vault.large.raw.length === 0) {
      const shot = vault.uploadLarge("raw");
      shot.answered?.(await ask(vault.url, shot), "");
    }
    await ceiling?.store("large", files.large.raw);
  };
  const newest = (): string => vault.large.raw.at(-1) ?? "none";
  const upload = (way: "form" | "raw", everyVersion: boolean): Scenario =>
    scenario(`upload 100 MiB, ${way}`, {
      next: () => vault.uploadLarge(way),
      ceiling: { name: "bare streaming R2.put", next: ceiling && (() => ceiling.put(files.large.raw)()) },
      goal: 0.9,
      prepare: tidy,
      everyVersion,
    });

  const uploads = Array.from({ length: CONNECTIONS }, () => vault.uploadsInRequests(REQUEST_BYTES));
  const raw: Round = (seconds) =>
    fire({ url: vault.url, connections: CONNECTIONS, seconds, next: () => vault.uploadLarge("raw") });

  return [
    upload("form", true),
    upload("raw", false),
    {
      ...scenario("upload 100 MiB, resumable, 10 MiB a request", {
        next: (connection) => uploads[connection]?.(),
        prepare: tidy,
      }),
      other: { name: "one raw request", round: raw },
      goal: 0.5,
    },
    scenario("download 100 MiB", {
      next: () => vault.content(newest()),
      ceiling: { name: "bare R2.get", next: ceiling?.get("large") },
      goal: 0.85,
      prepare: stored,
      everyVersion: true,
    }),
    scenario("download 100 MiB, range of 50", {
      next: () => vault.content(newest(), "large"),
      ceiling: { name: "bare R2.get of the range", next: ceiling?.get("large", files.largeRange) },
      goal: 0.85,
      prepare: stored,
    }),
  ];
}
