import { Strongroom, StrongroomAdmin, StrongroomError } from "../../client/index.ts";
import { withoutUser } from "../access.ts";
import { command } from "../command.ts";
import { type Credentials, readProfile, writeProfile } from "../profile.ts";
import { ask, firstLine } from "../terminal/prompt.ts";
import { visible } from "../terminal/visible.ts";
import { UsageError } from "../usage-error.ts";

export const login = command({
  name: "login",
  usage: "",
  about: "keeps an address and a key for later commands",
  help: `
The key is typed, and not shown, or it is the first line of standard input. It is tried before it is kept.
It is kept in ~/.config/strongroom (in XDG_CONFIG_HOME, on Windows in %APPDATA%), where only this user can read it.`,
  takes: [0, 0],
  options: { admin: { type: "boolean", about: "the admin token instead of a key" } },
  async run({ access, output, env, signal }, { admin: isAdmin = false, ...rest }) {
    const flags = rest as { key?: string; "admin-token"?: string };
    if (flags.key !== undefined || flags["admin-token"] !== undefined)
      throw new UsageError("others could see it on the command line: type it, or give it on standard input");
    const isTyped = process.stdin.isTTY;
    const given = access.givenUrl ?? (isTyped ? await ask("Server (https://…): ", { isHidden: false, signal }) : "");
    if (!URL.canParse(given) || !/^https?:$/.test(new URL(given).protocol))
      throw new UsageError(given === "" ? "no server: give --url" : `${given}: must begin with http:// or https://`);
    const url = withoutUser(given);
    const what = isAdmin ? "Operator's token" : "Key (sk_…, pk_…, dk_… or uk_…)";
    const secret = isTyped ? await ask(`${what}: `, { isHidden: true, signal }) : await firstLine(signal);
    output.hide(secret);
    if (secret === "") throw new UsageError("no key was given");

    const description = await tried(url, secret, isAdmin, signal);
    const before = readBefore(env);
    const kept: Credentials = {
      // What belongs to another server goes.
      ...(before?.url === url ? before : {}),
      url,
      ...(isAdmin ? { adminToken: secret } : { key: secret }),
    };
    const file = writeProfile(env, kept);
    if (output.isJson) await output.json({ url, file });
    else output.note(`${description} at ${visible(url)} is kept in ${file}`);
  },
});

/** The types of keys, by what their tokens begin with. */
const TYPES: Readonly<Record<string, string>> = { sk_: "secret", pk_: "public", dk_: "delivery", uk_: "upload" };

function unlessForbidden(error: unknown): void {
  if (!(error instanceof StrongroomError) || error.code !== "FORBIDDEN") throw error;
}

/** What it opens. A secret that opens nothing is not kept. */
async function tried(url: string, secret: string, isAdmin: boolean, signal: AbortSignal): Promise<string> {
  let open: () => PromiseLike<unknown>;
  let description = "the admin token";
  try {
    if (isAdmin) {
      const { vaults } = new StrongroomAdmin({ url, token: secret });
      open = () => vaults.list({ limit: 1 }, { signal });
    } else {
      const { assets, vaultId } = new Strongroom({ url, key: secret });
      const type = TYPES[secret.slice(0, 3)];
      description = `a ${type ?? "secret"} key of ${vaultId}`;
      const list = () => assets.list({ limit: 1 }, { signal });
      // Such a key is good for no list. One that is not good at all is refused for that.
      const isNarrow = type === "delivery" || type === "upload";
      open = isNarrow ? () => Promise.resolve(list()).catch(unlessForbidden) : list;
    }
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message);
    throw error;
  }
  await open();
  return description;
}

/** A profile that cannot be read is replaced. */
function readBefore(env: NodeJS.ProcessEnv): Credentials | undefined {
  try {
    return readProfile(env);
  } catch {
    return undefined;
  }
}
