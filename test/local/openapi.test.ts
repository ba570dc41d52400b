import { Validator } from "@seriousme/openapi-schema-validator";
import { expect, it } from "vitest";
import pkg from "../../package.json" with { type: "json" };
import { openApi } from "../../src/api/openapi.ts";

/** Written again by `npm test -- test/local/openapi.test.ts -u`. */
const COMMITTED = "../../docs/openapi.json";

const document = openApi(pkg.version);

it("docs/openapi.json: is the document that this version serves", async () => {
  await expect(`${JSON.stringify(document, null, 2)}\n`).toMatchFileSnapshot(COMMITTED);
});

it("docs/openapi.json: a public validator finds nothing wrong with it", async () => {
  const { valid, errors } = await new Validator().validate(JSON.stringify(document, null, 2));
  expect(errors).toBeUndefined();
  expect(valid).toBe(true);
});
