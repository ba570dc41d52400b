/**
 * What somebody does with the client, wherever it runs: plain JavaScript, so that Node 20 and a page can load it as it is.
 *
 * @param {typeof import("../../src/client/index.ts")} client
 * @param {{ url: string, key: string }} options
 */
export async function use({ Strongroom, StrongroomError }, { url, key }) {
  const { assets } = new Strongroom({ url, key });
  const path = { partition: "package", collection: "client", channel: `c${Date.now()}` };
  const told = [];
  const { id, etag } = await assets.upload(
    new Blob(["hello"]),
    { ...path, filename: "a.txt", metadata: { lang: "en" }, tags: ["one"] },
    { onProgress: ({ loaded }) => told.push(loaded) },
  );
  for await (const { error } of assets.uploadMany([new File(["b"], "b.txt"), new File(["c"], "c.txt")], path))
    if (error) throw error;
  const names = [];
  for await (const { filename } of assets.list({ ...path, limit: 2 })) names.push(filename);
  const { tags } = await assets.update(id, { tags: ["two"] }, { ifMatch: etag });
  const refusal = await assets.update(id, { tags: [] }, { ifMatch: etag }).catch((error) => error);
  const text = await (await assets.download(id)).text();
  await assets.delete(id);
  const code = refusal instanceof StrongroomError ? refusal.code : String(refusal);
  return { told: told.at(-1), names: names.toSorted(), tags, code, text };
}
