import type { KeyInfo } from "../../client/index.ts";
import { parseTimestamp, timestamp } from "../../model/time.ts";
import { command } from "../command.ts";
import { seconds } from "../duration.ts";
import { time } from "../terminal/format.ts";
import { printList } from "../terminal/list.ts";
import { fields } from "../terminal/table.ts";
import { UsageError } from "../usage-error.ts";

const VAULT = {
  vault: { type: "string", value: "VAULT", about: "vault_…: of this one, for the operator; else of the key's own" },
} as const;

const COLUMNS = [{ title: "ID" }, { title: "TYPE" }, { title: "CREATED" }, { title: "STATE" }, { title: "LABEL" }];

export const listKeys = command({
  name: "keys ls",
  usage: "",
  about: "lists the keys of a vault",
  takes: [0, 0],
  options: VAULT,
  async run({ access, output, signal }, { vault }) {
    const keys = access.keys(vault).list({}, { signal });
    await printList(output, keys, COLUMNS, (key) => [
      key.id,
      key.type,
      time(key.created_at),
      state(key),
      key.label ?? "",
    ]);
  },
});

/** What a key is good for now. */
function state({ revoked_at, expires_at }: KeyInfo): string {
  if (revoked_at !== null) return `revoked ${time(revoked_at)}`;
  if (expires_at === null) return "good";
  return `${Date.parse(expires_at) > Date.now() ? "good until" : "expired"} ${time(expires_at)}`;
}

export const createKey = command({
  name: "keys create",
  usage: "",
  about: "makes a key, which is shown this once",
  help: "A secret key reads and writes, a public one reads.",
  takes: [0, 0],
  options: {
    public: { type: "boolean", about: "a public key; else a secret one" },
    label: { type: "string", value: "TEXT", about: "what it is for" },
    expires: {
      type: "string",
      value: "TIME",
      about: "for how long (12h, 30d) or until when (2027-01-31T00:00:00Z); else for ever",
    },
    ...VAULT,
  },
  async run({ access, output, signal }, { public: isPublic = false, label, expires, vault }) {
    const made = await access.keys(vault).create(
      {
        type: isPublic ? "public" : "secret",
        ...(label === undefined ? {} : { label }),
        ...(expires === undefined ? {} : { expires_at: endOf(expires) }),
      },
      { signal },
    );
    if (output.isJson) {
      await output.json(made);
      return;
    }
    const pairs = [
      ["id", made.id],
      ["type", made.type],
      ...(made.label === null ? [] : [["label", made.label] as const]),
      ["expires", made.expires_at === null ? "never" : time(made.expires_at)],
      ["token", made.token],
    ] as const;
    for (const line of fields(pairs, (text) => output.style("dim", text))) await output.line(line);
    output.note("The token is shown this once: nobody can read it back.");
  },
});

/** @throws UsageError */
function endOf(text: string): string {
  const from = seconds(text);
  if (from !== undefined) return timestamp(Date.now() + from * 1000);
  if (parseTimestamp(text) === undefined)
    throw new UsageError(`--expires ${text}: must be a time such as 12h or 30d, or such as 2027-01-31T00:00:00Z`);
  return text;
}

export const revokeKey = command({
  name: "keys revoke",
  usage: "KEY-ID…",
  about: "revokes keys",
  help: "They are refused from the next request on. Links that they made end with them.",
  takes: [1, Infinity],
  options: VAULT,
  async run({ arguments: ids, access, output, signal }, { vault }) {
    const keys = access.keys(vault);
    const bad = ids.find((id) => !/^key_\w+$/.test(id));
    if (bad !== undefined) throw new UsageError(`${bad}: is no id of a key, key_…`);
    for (const id of ids) {
      await keys.revoke(id, { signal });
      if (output.isJson) await output.json({ status: "revoked", id });
      else output.note(`revoked ${id}`);
    }
  },
});
