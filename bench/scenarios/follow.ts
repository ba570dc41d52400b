import { fire } from "../load.ts";
import type { Bench, Round, Scenario } from "../scenario.ts";
import type { Shot } from "../shot.ts";
import { READ_SET, type Vault } from "../vault.ts";
import { fill } from "../vaults.ts";

/** How many assets the feed is read of: several pages of each kind. */
const ASSETS = 5 * READ_SET;

/** The feed of changes, read from its beginning to its end, beside the list. */
export async function follow({ deployment }: Bench): Promise<Scenario[]> {
  const vault = await deployment.vaults.one();
  const walk = (page: (cursor: string) => Shot): Round => {
    const pages = new Walk(page);
    return (seconds) => fire({ url: deployment.url, connections: 1, seconds, next: () => pages.next() });
  };
  return [
    {
      group: "Following",
      name: "changes, 1,000 a page",
      connections: 1,
      figure: "records",
      ours: walk((cursor) => vault.changes(`limit=1000${cursor}`)),
      other: { name: "list of 200", round: walk((cursor) => listed(vault, cursor)) },
      goal: 1,
      prepare: () => fill([vault], ASSETS),
      swaps: true,
    },
  ];
}

let walks = 0;

/** A page of the list. Each walk begins with a page of another length, so that the vault has none of its pages ready. */
const listed = (vault: Vault, cursor: string): Shot =>
  vault.list(cursor === "" ? `limit=${1 + ((walks++ * 7) % 200)}` : `limit=200${cursor}`);

/** Reads from page to page, over and over. */
class Walk {
  readonly #page: (cursor: string) => Shot;
  #cursor = "";

  /** @param page makes the request of a page, by the parameter that says where it begins, or an empty text */
  constructor(page: (cursor: string) => Shot) {
    this.#page = page;
  }

  next(): Shot {
    return {
      ...this.#page(this.#cursor),
      answered: (body) => {
        const { data, cursor, has_more } = JSON.parse(body.toString()) as {
          data: unknown[];
          cursor: string | null;
          has_more: boolean;
        };
        this.#cursor = has_more && cursor !== null ? `&cursor=${cursor}` : "";
        return data.length;
      },
    };
  }
}
