import { RECORD_FIELDS } from "../../model/asset.ts";

/**
 * An asset's record as JSON text, of a row of `assets`. Letting SQLite make the text is cheaper than reading a row in
 * pieces. ?1 is the vault's id. A function of this SQLite takes at most 32 arguments, which are 16 fields.
 *
 * @param table what stands before the names of the columns, where several tables have them: `a.`
 */
export const recordJson = (table = ""): string =>
  `json_object(${RECORD_FIELDS.map((field) => `'${field}', ${field === "vault_id" ? "?1" : table + field}`).join(", ")})`;

/**
 * The bytes of what can be long in a record: metadata and tags. SQLite tells them from the head of the row, so a long
 * row costs no more than a short one.
 */
export const recordSize = (table = ""): string => `octet_length(${table}metadata) + octet_length(${table}tags)`;

export const RECORD_SIZE = recordSize();
