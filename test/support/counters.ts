/** Compares what a vault keeps of its assets in other tables with the assets themselves. */

import { expect } from "vitest";
import type { TestVault } from "./api.ts";
import { state } from "./history.ts";

const TRUE_FOLDERS = `
  SELECT 1 AS level, '' AS parent, partition AS name, count(*) AS assets, sum(size) AS bytes FROM assets GROUP BY 2, 3
  UNION ALL SELECT 2, partition, collection, count(*), sum(size) FROM assets GROUP BY 2, 3
  UNION ALL SELECT 3, partition || '/' || collection, channel, count(*), sum(size) FROM assets GROUP BY 2, 3
  ORDER BY 1, 2, 3`;

const TRUE_TAGS = "SELECT DISTINCT value AS tag, seq FROM assets, json_each(assets.tags) ORDER BY 1, 2";

/** Asserts that folders, tags, totals and the feed's rows are what the assets say. */
export async function expectCounters(vault: TestVault): Promise<void> {
  expect(await state(vault, "SELECT level, parent, name, assets, bytes FROM folders ORDER BY 1, 2, 3")).toEqual(
    await state(vault, TRUE_FOLDERS),
  );
  expect(await state(vault, "SELECT tag, seq FROM tags ORDER BY 1, 2")).toEqual(await state(vault, TRUE_TAGS));
  expect(await state(vault, "SELECT assets, bytes FROM vault")).toEqual(
    await state(vault, "SELECT count(*) AS assets, coalesce(sum(size), 0) AS bytes FROM assets"),
  );
  // Each asset that has changed stands in the feed once, at its latest change.
  expect(
    await state(vault, "SELECT rev, seq FROM outbox JOIN assets USING (rev, seq) WHERE rev <> seq ORDER BY rev"),
  ).toEqual(await state(vault, "SELECT rev, seq FROM assets WHERE rev <> seq ORDER BY rev"));
}
