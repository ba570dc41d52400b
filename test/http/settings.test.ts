/** What a Worker answers whose secrets are missing or wrong. */

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { admin, bearer, ORIGIN, refusal, TestVault, sendTo } from "../support/api.ts";

/** Sends a request to a Worker that is set up in another way than the tests' own. Undefined takes a setting away. */
const ask = (settings: object, path: string, init?: RequestInit): Promise<Response> =>
  sendTo(new Request(ORIGIN + path, init), Object.assign({}, env, settings));

const SHORT = "31-characters-are-one-too-few--";

const WRONG: [string, object, RegExp][] = [
  ["no KEY_SECRET", { KEY_SECRET: undefined }, /: KEY_SECRET is not set: it must have at least 32 characters$/],
  ["an empty KEY_SECRET", { KEY_SECRET: "" }, /: KEY_SECRET is not set/],
  ["a short KEY_SECRET", { KEY_SECRET: SHORT }, /: KEY_SECRET is too short: it must have at least 32 characters$/],
  ["a KEY_SECRET that is no text", { KEY_SECRET: 12345 }, /: KEY_SECRET is not set/],
  ["a short KEY_SECRET_PREVIOUS", { KEY_SECRET_PREVIOUS: SHORT }, /: KEY_SECRET_PREVIOUS is too short/],
  ["no ADMIN_TOKEN", { ADMIN_TOKEN: undefined }, /: ADMIN_TOKEN is not set$/],
  ["an empty ADMIN_TOKEN", { ADMIN_TOKEN: "" }, /: ADMIN_TOKEN is not set$/],
  ["an ADMIN_TOKEN with a space", { ADMIN_TOKEN: "a b" }, /: ADMIN_TOKEN must not contain white space$/],
];

describe("settings that are missing or wrong", () => {
  it.each(WRONG)("%s: /healthz answers 503 and names the setting, never its value", async (_, settings, message) => {
    const response = await ask(settings, "/healthz");
    expect(response.headers.get("Retry-After")).toBe("60");
    const text = await refusal(response, 503, "UNAVAILABLE");
    expect(text).toMatch(message);
    for (const value of Object.values(settings)) if (value) expect(text).not.toContain(String(value));
    expect((await ask(settings, "/healthz", { method: "HEAD" })).status).toBe(503);
  });

  it.each(WRONG)("%s: a request with the admin token gets 503 that names the setting", async (_, settings, message) => {
    for (const [path, method] of [
      ["/api/v1/vaults", "GET"],
      ["/api/v1/vaults", "POST"],
    ] as const) {
      expect(await refusal(await ask(settings, path, { method, headers: admin }), 503, "UNAVAILABLE")).toMatch(message);
    }
  });

  it("all of them: one answer names them together", async () => {
    const text = await refusal(await ask({ KEY_SECRET: "", ADMIN_TOKEN: "" }, "/healthz"), 503, "UNAVAILABLE");
    expect(text).toMatch(/KEY_SECRET is not set.*; ADMIN_TOKEN is not set$/);
  });

  it("KEY_SECRET: keys and links get 503 without it, and act without ADMIN_TOKEN", async () => {
    const vault = await TestVault.create();
    const { id } = await vault.upload();
    const link = await (await vault.request("POST", `${vault.assets}/${id}/links`)).json<{ url: string }>();
    const signed = link.url.slice(ORIGIN.length);
    for (const settings of [{ KEY_SECRET: "" }, { KEY_SECRET: SHORT }, { KEY_SECRET_PREVIOUS: SHORT }]) {
      await refusal(await ask(settings, signed), 503, "UNAVAILABLE");
      await refusal(await ask(settings, vault.assets, { headers: bearer(vault.secretKey) }), 503, "UNAVAILABLE");
    }
    expect((await ask({ ADMIN_TOKEN: "" }, signed)).status).toBe(200);
    expect((await ask({ ADMIN_TOKEN: "" }, vault.assets, { headers: bearer(vault.secretKey) })).status).toBe(200);
    await refusal(await ask({ ADMIN_TOKEN: "" }, vault.assets), 401, "UNAUTHORIZED");
  });

  it("KEY_SECRET_PREVIOUS: counts as not set when it is empty", async () => {
    expect((await ask({ KEY_SECRET_PREVIOUS: "" }, "/healthz")).status).toBe(200);
  });

  it("all of them: an unknown route and a wrong method are refused first", async () => {
    await refusal(await ask({ KEY_SECRET: "" }, "/nowhere"), 404, "NOT_FOUND");
    await refusal(await ask({ KEY_SECRET: "" }, "/api/v1/vaults", { method: "PUT" }), 405, "METHOD_NOT_ALLOWED");
  });
});
