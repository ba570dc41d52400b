import { expect, it } from "vitest";
import { answer, lose, play, refuse, seen, useNetwork, vault } from "./network.ts";

useNetwork();

const page = (cursor: string, ...ids: string[]) =>
  answer(200, { data: ids.map((id) => ({ type: "deleted", id, deleted_at: "" })), cursor, has_more: false });

const queries = (): (string | undefined)[] => seen.map((request) => request.url?.split("?")[1]);

it("watch: goes on with its cursor after whatever passes, and says so", async () => {
  play(page("b"), lose, refuse(503, "UNAVAILABLE"), page("c", "x"), refuse(410, "CURSOR_EXPIRED"));
  const retried: string[] = [];
  const found: string[] = [];
  const watching = (async () => {
    const options = {
      cursor: "a",
      onRetry: (error: Error) => void retried.push((error as { code?: string }).code ?? ""),
    };
    for await (const { cursor } of vault({ maxRetries: 0 }).changes.watch(options)) found.push(cursor);
  })();
  await expect(watching).rejects.toMatchObject({ code: "CURSOR_EXPIRED", status: 410 });
  expect(found).toEqual(["b", "c"]);
  expect(retried).toEqual(["NETWORK_ERROR", "UNAVAILABLE"]);
  const waiting = "limit=1000&wait=30";
  expect(queries()).toEqual([
    "cursor=a&limit=1000",
    `cursor=b&${waiting}`,
    `cursor=b&${waiting}`,
    `cursor=b&${waiting}`,
    `cursor=c&${waiting}`,
  ]);
});

it("watch: fails when the first request does", async () => {
  play(refuse(503, "UNAVAILABLE"));
  const next = vault({ maxRetries: 0 }).changes.watch({ cursor: "now" }).next();
  await expect(next).rejects.toMatchObject({ code: "UNAVAILABLE" });
  expect(seen).toHaveLength(1);
});

it("watch: asks a server that does not wait only every other second", async () => {
  play(page("a"), page("a"), page("a"), page("b", "x"));
  const started = performance.now();
  const found: number[] = [];
  for await (const { data } of vault().changes.watch()) {
    found.push(data.length);
    if (found.length === 2) break;
  }
  expect(found).toEqual([0, 1]);
  expect(performance.now() - started).toBeGreaterThan(1_900);
});
