/** The handlers of an import: lines of an export, and the files of their assets. */

import { ENDPOINTS } from "../api/endpoints.ts";
import { unsupportedEncoding, unsupportedType } from "../http/media-types.ts";
import { ImportedEnvelope, ImportEnvelope, ImportedRecord } from "../api/import-schemas.ts";
import { parseBody, parseParameters } from "../api/parse.ts";
import { readBody } from "../http/json.ts";
import { durability, json } from "../http/reply.ts";
import type { ApiRequest, Handler } from "../http/request.ts";
import { checkFilename } from "../model/filename.ts";
import { isVaultId } from "../model/id.ts";
import type { ImportedAsset, ImportTerms } from "../model/import.ts";
import { IMPORT_CLOCK_MS } from "../model/limits.ts";
import { essenceOf } from "../model/essence.ts";
import { parseJsonField, serializeMetadata, serializeTags } from "../model/metadata.ts";
import { invalid, type Refusal, refusalOf, type Result, unavailable, vaultNotFound } from "../model/refusal.ts";
import { parseTimestamp, timestamp } from "../model/time.ts";
import { Bucket } from "../r2/bucket.ts";
import { importedKey } from "../r2/keys.ts";
import { logError } from "../runtime/log.ts";
import { receiveImported } from "../upload/import-body.ts";

/** `vaults.import` */
export const importVault: Handler = async (api) => {
  const body = await readBody(api, { json: { "application/json": ImportEnvelope } });
  if (!body.ok) return body;
  if (!isVaultId(api.vaultId)) return vaultNotFound();
  const { records: lines, finish, ...terms } = body.value;
  const records: ImportedAsset[] = [];
  for (const [at, line] of lines.entries()) {
    const read = imported(api.vaultId, line, at);
    if (!read.ok) return read;
    records.push({ asset: read.asset, at });
  }
  const plan = await api.vault("repeatable", (stub, caller) => stub.planImport(caller, terms, records));
  if (!plan.ok) return plan;
  const lacking = records.filter(({ at }) => !plan.present.includes(at));
  const found = await withBodies(api, lacking);
  if (!found.ok) return found;
  const missing = lacking.filter(({ at }) => !found.there.has(at)).map(({ asset }) => asset.id);
  return take(
    api,
    terms,
    { present: plan.present.length, missing, finish },
    lacking.filter(({ at }) => found.there.has(at)),
  );
};

/** Has the vault take those whose bodies are there and, if all is there, ends the import. */
async function take(
  api: ApiRequest,
  terms: ImportTerms,
  { present, missing, finish }: { present: number; missing: string[]; finish: boolean },
  records: readonly ImportedAsset[],
): ReturnType<Handler> {
  let [count, isDurable] = [0, true];
  if (records.length > 0) {
    const taken = await api.vault("repeatable", (stub, caller) => stub.takeImport(caller, terms, records));
    if (!taken.ok) return taken;
    count = taken.imported;
    isDurable = taken.durable;
  }
  const isDone = finish && missing.length === 0;
  if (isDone) {
    const finished = await api.vault("repeatable", (stub, caller) => stub.finishImport(caller, terms));
    if (!finished.ok) return finished;
    isDurable = true;
  }
  // What another request has taken meanwhile is present.
  const answer = { imported: count, present: present + records.length - count, missing, done: isDone };
  return json(answer, { headers: durability(isDurable) });
}

/** `vaults.importBody` */
export const importBody: Handler = async (api) => {
  const query = parseParameters(ENDPOINTS["vaults.importBody"].query, api.query);
  if (!query.ok) return query;
  if (essenceOf(api.header("Content-Type") ?? "") !== "application/octet-stream") {
    return unsupportedType(api, ["application/octet-stream"]);
  }
  const encoded = unsupportedEncoding(api.header("Content-Encoding"));
  if (encoded) return encoded;
  if (!isVaultId(api.vaultId)) return vaultNotFound();
  const key = importedKey(api.vaultId, query.value.r2_key);
  if (!key) return invalid("r2_key: must be that of an asset's file, as its record has it");
  const { mime_type, sha256 } = query.value;
  const file = { id: key.id, r2_key: key.r2_key, sha256 };
  const check = async (): Promise<Refusal | undefined> =>
    refusalOf(await api.vault("repeatable", (stub, caller) => stub.checkImport(caller, file)));
  const body = { r2_key: key.r2_key, mime_type, sha256 };
  return (await check()) ?? (await receiveImported(api, api.reader, body, check)) ?? { status: 204 };
};

/** Reads a line of an export as an asset of this vault. A refusal says at which place what is wrong. */
function imported(vaultId: string, line: unknown, at: number): Result<{ asset: ImportedAsset["asset"] }> {
  const place = `records[${at}]`;
  const wrong = (refusal: Refusal): Refusal => ({ ...refusal, message: `${place}.asset.${refusal.message}` });
  const envelope = parseBody(ImportedEnvelope, line, place);
  if (!envelope.ok) return envelope;
  const parsed = parseBody(ImportedRecord, envelope.value.asset, `${place}.asset`);
  if (!parsed.ok) return parsed;
  const { etag, seq, sha256 } = envelope.value;
  const { vault_id, ...record } = parsed.value;
  const rev = Number(etag.slice(1, -1));
  if (seq > rev) return invalid(`${place}.seq: must be at most the number in etag`);
  const name = checkFilename(record.filename);
  if (!name.ok) return wrong(name);
  const metadata = parseJsonField("metadata", record.metadata, serializeMetadata);
  if (!metadata.ok) return wrong(metadata);
  const tags = parseJsonField("tags", record.tags, serializeTags);
  if (!tags.ok) return wrong(tags);
  if ((record.width === null) !== (record.height === null))
    return wrong(invalid("height: must be null if width is, and else a number"));
  const late = wrongTime(record);
  if (late) return wrong(late);
  const key = importedKey(vaultId, record.r2_key);
  if (key?.id !== record.id || key.from !== vault_id)
    return wrong(invalid("r2_key: must be that of this asset's file in the vault that vault_id names"));
  const texts = { metadata: metadata.json, tags: tags.json };
  return { ok: true, asset: { ...record, ...texts, r2_key: key.r2_key, seq, rev, sha256 } };
}

/** What is wrong with the times of a record. */
function wrongTime(record: { readonly created_at: string; readonly updated_at: string }): Refusal | undefined {
  const latest = timestamp(Date.now() + IMPORT_CLOCK_MS);
  for (const name of ["created_at", "updated_at"] as const) {
    if (parseTimestamp(record[name]) === undefined) return invalid(`${name}: there is no such time`);
    if (record[name] > latest) return invalid(`${name}: must not be in the future`);
  }
  return record.updated_at < record.created_at ? invalid("updated_at: must not be before created_at") : undefined;
}

/**
 * Which of some assets have their file in R2, by their places. One that R2 has no SHA-256 of, because it came there in
 * another way, does not count: it is to be brought again.
 */
async function withBodies(
  { env, watchdog, id: request }: ApiRequest,
  records: readonly ImportedAsset[],
): Promise<Result<{ there: ReadonlySet<number> }>> {
  const bucket = new Bucket(env.BUCKET, watchdog);
  const there = new Set<number>();
  try {
    const heads = await bucket.heads(records.map(({ asset }) => asset.r2_key));
    for (const [i, { asset, at }] of records.entries()) {
      const body = heads[i];
      const digest = body?.checksums.sha256;
      const isIt = digest !== undefined && Buffer.from(digest).toString("hex") === asset.sha256;
      if (isIt && body?.size === asset.size) there.add(at);
    }
  } catch (error) {
    logError("import: R2 failed", error, { request });
    return unavailable("the files could not be looked for: try again");
  }
  return { ok: true, there };
}
