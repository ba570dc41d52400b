import { describe, expect, it } from "vitest";
import { Strongroom, StrongroomAdmin, uploadWithTicket } from "../../src/client/index.ts";
import { failure, PATH, useServer } from "./server.ts";

const MIB = 1024 * 1024;

/** The client against the server that `npm start` runs. */
const server = useServer();

async function newVault(): Promise<Strongroom> {
  const { url, admin_token: token } = server.credentials;
  const { secret_key: key } = await new StrongroomAdmin({ url, token }).vaults.create({ name: "test" });
  return new Strongroom({ url, key });
}

const file = (content = "hello", name = "mine.txt"): File => new File([content], name, { type: "text/plain" });

describe("uploadWithTicket", () => {
  it("uploads a file without a key, in the place and under the name that the ticket says", async () => {
    const vault = await newVault();
    const made = await vault.tickets.create({ ...PATH, filename: "avatar.txt", metadata: { of: "u" }, tags: ["t"] });
    const sent: (string | null)[] = [];
    const fetch = (url: string, init: RequestInit): Promise<Response> => {
      sent.push(new Headers(init.headers).get("Authorization"));
      return globalThis.fetch(url, init);
    };
    const asset = await uploadWithTicket(made.url, file(), { fetch });
    expect(sent).toEqual([null]);
    expect(asset).toMatchObject({ ...PATH, filename: "avatar.txt", metadata: { of: "u" }, tags: ["t"], size: 5 });
    expect(await vault.tickets.get(made.ticket_id)).toMatchObject({
      status: "used",
      asset: { id: asset.id, tags: ["t"] },
    });
    expect((await uploadWithTicket(made.url, file())).id).toBe(asset.id);
    expect(await failure(uploadWithTicket(made.url, file("other")))).toMatchObject({ code: "CONFLICT", status: 409 });
  });

  it.each(['a "b".txt', "ä; ☃\\.txt", "a%22.txt", "é.txt", 'a\\\\"b.txt'])(
    "keeps the name of the file: %s",
    async (name) => {
      const vault = await newVault();
      const made = await vault.tickets.create(PATH);
      // A backslash separates folders, in the name that a file comes with.
      expect((await uploadWithTicket(made.url, file("x", name))).filename).toBe(name.split("\\").at(-1));
    },
  );

  it("takes what the ticket leaves open, bytes and streams, and tells how it goes", async () => {
    const vault = await newVault();
    const bytes = new Uint8Array(3 * MIB).fill(7);
    const fields = { filename: "a.bin", metadata: { n: 1 }, tags: ["x"], contentType: "image/png" };
    const first = await vault.tickets.create(PATH);
    const told: number[] = [];
    const asset = await uploadWithTicket(first.url, bytes, {
      ...fields,
      onProgress: ({ loaded }) => told.push(loaded),
    });
    expect(asset).toMatchObject({ filename: "a.bin", metadata: { n: 1 }, tags: ["x"], mime_type: "image/png" });
    expect(told.at(-1)).toBe(bytes.length);
    const second = await vault.tickets.create(PATH);
    const stream = new Blob([bytes]).stream();
    expect((await uploadWithTicket(second.url, stream, { size: bytes.length })).filename).toBe("file");
  });

  it("is repeated after a lost answer, and stored once", async () => {
    const vault = await newVault();
    const { url } = await vault.tickets.create(PATH);
    let calls = 0;
    const fetch = async (target: string, init: RequestInit): Promise<Response> => {
      const response = await globalThis.fetch(target, init);
      if (++calls > 1) return response;
      throw new TypeError("the connection broke");
    };
    const asset = await uploadWithTicket(url, file(), { fetch });
    expect(calls).toBe(2);
    expect((await vault.assets.list()).data.map(({ id }) => id)).toEqual([asset.id]);
  });

  it("refuses what is no URL of a ticket, and shows no ticket in an error", async () => {
    const vault = await newVault();
    const { url } = await vault.tickets.create({ ...PATH, max_file_bytes: 1 });
    for (const wrong of [url.replace("ticket=", "key="), url.replace("/assets?", "/links?"), "https://a.example/"]) {
      const message = await uploadWithTicket(wrong, file()).then(String, String);
      expect(message).toBe("TypeError: url: must be the url of a ticket");
    }
    const refused = await failure(uploadWithTicket(url, file()));
    expect(refused).toMatchObject({ code: "PAYLOAD_TOO_LARGE" });
    const broken = { fetch: () => Promise.reject(new TypeError("broken")), maxRetries: 0 };
    const silent = await failure(uploadWithTicket(url, file(), broken));
    for (const { message } of [refused, silent]) expect(message).not.toContain(new URL(url).searchParams.get("ticket"));
  });
});
