import { describe, expect, it } from "vitest";
import { type ChangesPage, Strongroom, StrongroomAdmin } from "../../src/client/index.ts";
import { all, failure, PATH, useServer } from "./server.ts";

const server = useServer();

/** A vault of its own. */
async function newVault(): Promise<Strongroom> {
  const { url, admin_token: token } = server.credentials;
  const { secret_key: key } = await new StrongroomAdmin({ url, token }).vaults.create({ name: "test" });
  return new Strongroom({ url, key });
}

const file = (name: string): File => new File(["x"], name, { type: "text/plain" });

const told = (page: Pick<ChangesPage, "data">): string[] =>
  page.data.map((change) => (change.type === "asset" ? change.asset.filename : `deleted ${change.id}`));

describe("changes.list", () => {
  it("awaited is a page, whose assets have their metadata and tags as values", async () => {
    const vault = await newVault();
    const asset = await vault.assets.upload(file("a"), { ...PATH, metadata: { alt: "A cat" }, tags: ["hero"] });
    const { etag, durability: _, ...record } = asset;
    const page = await vault.changes.list();
    expect(page).toEqual({
      data: [{ type: "asset", asset: record, etag }],
      cursor: expect.any(String) as string,
      has_more: false,
    });
    await vault.assets.delete(asset.id);
    expect(told(await vault.changes.list({ cursor: page.cursor }))).toEqual([`deleted ${asset.id}`]);
  });

  it("looped over is everything, page after page", async () => {
    const vault = await newVault();
    for (const name of ["a", "b", "c"]) await vault.assets.upload(file(name), PATH);
    expect(told({ data: await all(vault.changes.list({ limit: 1 })) })).toEqual(["a", "b", "c"]);
  });

  it("waits for a change, and fails with CURSOR_EXPIRED by a cursor that belongs to nothing", async () => {
    const vault = await newVault();
    const { cursor } = await vault.changes.list({ cursor: "now" });
    const waiting = vault.changes.list({ cursor, wait: 20 }).then(told);
    await vault.assets.upload(file("a"), PATH);
    expect(await waiting).toEqual(["a"]);
    const other = await (await newVault()).changes.list();
    expect(await failure(vault.changes.list({ cursor: other.cursor }))).toMatchObject({
      code: "CURSOR_EXPIRED",
      status: 410,
    });
  });
});

describe("changes.watch", () => {
  it("yields everything, says once that this is all, and then what comes; its cursor goes on there", async () => {
    const vault = await newVault();
    await vault.assets.upload(file("a"), PATH);
    await vault.assets.upload(file("b"), PATH);
    const controller = new AbortController();
    const seen: string[] = [];
    const stopped = new Error("stopped");
    let last = "";
    const watching = (async () => {
      for await (const page of vault.changes.watch({ limit: 1, signal: controller.signal })) {
        seen.push(`${told(page).join()}${page.has_more ? "" : "."}`);
        last = page.cursor;
        if (seen.length === 2) await vault.assets.upload(file("c"), PATH);
        if (seen.length === 3) controller.abort(stopped);
      }
    })();
    await expect(watching).rejects.toBe(stopped);
    expect(seen).toEqual(["a", "b.", "c."]);

    await vault.assets.upload(file("d"), PATH);
    for await (const page of vault.changes.watch({ cursor: last })) {
      expect(told(page)).toEqual(["d"]);
      break;
    }
  });

  it("from now on begins with an empty page", async () => {
    const vault = await newVault();
    await vault.assets.upload(file("a"), PATH);
    const pages: string[][] = [];
    for await (const page of vault.changes.watch({ cursor: "now" })) {
      pages.push(told(page));
      if (pages.length === 2) break;
      await vault.assets.upload(file("b"), PATH);
    }
    expect(pages).toEqual([[], ["b"]]);
  });
});
