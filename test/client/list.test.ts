import { describe, expect, it } from "vitest";
import { answer, ASSET, forget, play, seen, useNetwork, vault } from "./network.ts";
import { all } from "./server.ts";

useNetwork();

describe("list", () => {
  it("requests nothing before it is awaited or looped over, and once for whoever awaits it twice", async () => {
    play(answer(200, { data: [ASSET], cursor: "c", has_more: true }));
    const list = vault().assets.list({ partition: "p", limit: 1 });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(seen).toHaveLength(0);
    await Promise.all([list, list]);
    expect(seen.map((request) => request.url?.split("?")[1])).toEqual(["partition=p&limit=1"]);
  });

  it("reads page after page with its filters, and stops when the loop does", async () => {
    const pages = ["b", "c", null].map((cursor) => answer(200, { data: [ASSET], cursor, has_more: cursor !== null }));
    play(...pages);
    expect(await all(vault().assets.list({ partition: "p" }))).toHaveLength(3);
    const query = "limit=200&partition=p";
    expect(seen.map((request) => request.url?.split("?")[1])).toEqual([
      query,
      `${query}&cursor=b`,
      `${query}&cursor=c`,
    ]);
    play(...pages);
    forget();
    for await (const asset of vault().assets.list()) if (asset) break;
    expect(seen).toHaveLength(1);
  });
});
