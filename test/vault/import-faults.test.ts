/**
 * An import of which one call to R2, D1 or the vault goes wrong. Whichever it is: whoever imports does it again, and the
 * vault is then what the export says.
 */

import { env } from "cloudflare:workers";
import { expect, vi } from "vitest";
import type { ImportAnswer, ImportedLine } from "../../src/api/types.ts";
import { admin, ORIGIN, sendTo, TestVault, textFile } from "../support/api.ts";
import { eachCall } from "../support/fault-loop.ts";
import { bringBodies, exported, importAll, importPage, movedTo, termsOf } from "../support/imports.ts";
import { clearLostWindows, expectAgreement, reconcile, withoutGrace } from "../support/stores.ts";

// A call that hangs ends at one of these bounds. They are short, so that many faults take minutes.
vi.mock(import("../../src/vault/limits.ts"), async (original) => ({
  ...(await original()),
  ...(await import("../support/short-waits.ts")),
}));
vi.mock(import("../../src/runtime/timeouts.ts"), () => import("../support/short-times.ts"));

withoutGrace();

/** Three assets, one of which was moved. */
const lines: Promise<ImportedLine[]> = (async () => {
  // The first calls of a file start the stores, which may take longer than the short times allow.
  const vault = await vi.waitFor(() => TestVault.create(), { timeout: 20_000 });
  const { id } = await vault.upload({ file: textFile("one"), tags: '["a"]' });
  await vault.upload({ file: textFile("two") });
  await vault.upload({ file: textFile("three") });
  await vault.patch(id, { channel: "moved" });
  return exported(vault);
})();

/** What goes over no wire says by itself how long it is. */
const request = (path: string, type: string, body: string): Promise<Response> => {
  const headers = { ...admin, "Content-Type": type, "Content-Length": String(Buffer.byteLength(body)) };
  return sendTo(new Request(ORIGIN + path, { method: "POST", headers, body }), env);
};

const page = (vault: TestVault, body: object): Promise<Response> =>
  request(`${vault.path}/import`, "application/json", JSON.stringify(body));

/** What may go wrong, by how far the import has come before. */
const STEPS: Record<string, (vault: TestVault, all: ImportedLine[]) => Promise<() => Promise<Response>>> = {
  "import: its beginning": async (vault, all) => () => page(vault, { ...termsOf(all), records: [] }),
  "import: a file": async (vault, all) => {
    await importPage(vault, { ...termsOf(all), records: [] });
    const [{ asset, sha256 }] = all as [ImportedLine];
    const bytes = (await (await env.BUCKET.get(asset.r2_key))?.text()) ?? "";
    const query = new URLSearchParams({ r2_key: asset.r2_key, mime_type: asset.mime_type, sha256 }).toString();
    return () => request(`${vault.path}/import/bodies?${query}`, "application/octet-stream", bytes);
  },
  "import: the lines, and its end": async (vault, all) => {
    await importPage(vault, { ...termsOf(all), records: [] });
    await bringBodies(vault, all);
    return () => page(vault, { ...termsOf(all), records: all, finish: true });
  },
};

eachCall(Object.keys(STEPS), async (name, faults) => {
  const all = await lines;
  const vault = await TestVault.create();
  // The stub is made before anything fails, and the object is alive.
  await vault.list();
  const work = await STEPS[name]?.(vault, all);
  if (!work) throw new Error("no such step");
  const response = await faults.during(work);
  expect([200, 204, 503]).toContain(response.status);
  if (response.status === 200 && name.endsWith("end")) {
    expect(await response.json<ImportAnswer>()).toMatchObject({ done: true, missing: [] });
    expect(await exported(vault)).toEqual(movedTo(vault, all));
  }
  await importAll(vault, all);
  expect(await exported(vault)).toEqual(movedTo(vault, all));
  await clearLostWindows(vault);
  expect(await reconcile(vault)).toMatchObject({ orphans_deleted: 0, missing: 0, recounted: 0 });
  await expectAgreement(vault);
  return ` → ${response.status}`;
});
