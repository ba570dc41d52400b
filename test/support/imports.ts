/** An import as a client makes it, by requests alone. */

import { env } from "cloudflare:workers";
import { expect } from "vitest";
import type { ChangesPage, ImportAnswer, ImportedLine, ImportPage } from "../../src/api/types.ts";
import { admin, patiently, post, send, type TestVault } from "./api.ts";
import { changes } from "./replica.ts";

/** Everything in a vault, as an export has it. */
export async function exported(vault: TestVault): Promise<ImportedLine[]> {
  const lines: ImportedLine[] = [];
  for (let page: ChangesPage | undefined; page?.has_more !== false;) {
    page = await changes(vault, { full: "true", limit: 7, ...(page ? { cursor: page.cursor } : {}) });
    for (const change of page.data) if (change.type === "asset") lines.push(change as ImportedLine);
  }
  return lines;
}

/** What names the import of an export. */
export const termsOf = (lines: readonly ImportedLine[]): Omit<ImportPage, "records"> => ({
  top: Math.max(0, ...lines.map(({ etag }) => Number(etag.slice(1, -1)))),
  assets: lines.length,
  bytes: lines.reduce((sum, { asset }) => sum + asset.size, 0),
});

export const sendImport = (vault: TestVault, page: object): Promise<Response> =>
  post(`${vault.path}/import`, admin, page);

export async function importPage(vault: TestVault, page: ImportPage): Promise<ImportAnswer> {
  const response = await patiently(() => sendImport(vault, page));
  expect(response.status, await response.clone().text()).toBe(200);
  return response.json();
}

/** Sends a file as that of a line. */
export function sendBody(
  vault: TestVault,
  { asset, sha256 }: ImportedLine,
  body: BodyInit,
  more: Readonly<Record<string, string>> = {},
  moreHeaders: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const query = new URLSearchParams({ r2_key: asset.r2_key, mime_type: asset.mime_type, sha256, ...more });
  const headers = { ...admin, "Content-Type": "application/octet-stream", ...moreHeaders };
  return send(`${vault.path}/import/bodies?${query.toString()}`, { method: "POST", headers, body });
}

/** Brings the files of some lines, as R2 has them under the keys of the original. */
export async function bringBodies(vault: TestVault, lines: readonly ImportedLine[]): Promise<void> {
  for (const line of lines) {
    const body = await (await env.BUCKET.get(line.asset.r2_key))?.arrayBuffer();
    if (!body) throw new Error(`${line.asset.r2_key} is not there`);
    const response = await sendBody(vault, line, body);
    expect(response.status, await response.text()).toBe(204);
  }
}

/** Imports all of an export into a vault. */
export async function importAll(vault: TestVault, lines: readonly ImportedLine[], size = 20): Promise<void> {
  const terms = termsOf(lines);
  for (let at = 0; at < lines.length; at += size) {
    const records = lines.slice(at, at + size);
    const { missing } = await importPage(vault, { ...terms, records });
    if (missing.length === 0) continue;
    await bringBodies(
      vault,
      records.filter(({ asset }) => missing.includes(asset.id)),
    );
    expect(await importPage(vault, { ...terms, records })).toMatchObject({ imported: missing.length, missing: [] });
  }
  expect(await importPage(vault, { ...terms, records: [], finish: true })).toMatchObject({ done: true });
}

/** Lines as they are in another vault. */
export const movedTo = (vault: TestVault, lines: readonly ImportedLine[]): ImportedLine[] =>
  lines.map((line) => {
    const r2_key = line.asset.r2_key.replace(/^[^/]*/, vault.id);
    return { ...line, asset: { ...line.asset, vault_id: vault.id, r2_key } };
  });
