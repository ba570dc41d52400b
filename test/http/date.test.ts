import { expect, it } from "vitest";
import { parseHttpDate } from "../../src/http/date.ts";

const NOW = Date.UTC(2026, 10, 25);
const TIME = Date.UTC(1994, 10, 6, 8, 49, 37);

it.each([
  ["Sun, 06 Nov 1994 08:49:37 GMT", TIME],
  ["Sunday, 06-Nov-94 08:49:37 GMT", TIME],
  ["Sun Nov  6 08:49:37 1994", TIME],
  ["Sun Nov 06 08:49:37 1994", TIME],
  ["Thu, 29 Feb 2024 00:00:00 GMT", Date.UTC(2024, 1, 29)],
  ["Tue, 30 Jun 2015 23:59:60 GMT", Date.UTC(2015, 6, 1)],
  ["Saturday, 01-Jan-28 00:00:00 GMT", Date.UTC(2028, 0, 1)],
  ["Wednesday, 01-Jan-76 00:00:00 GMT", Date.UTC(2076, 0, 1)], // 49 years ahead
  ["Saturday, 01-Jan-77 00:00:00 GMT", Date.UTC(1977, 0, 1)], // more than 50 years ahead
  ["Fri, 01 Jan 0099 00:00:00 GMT", new Date(0).setUTCFullYear(99, 0, 1)],
])("parseHttpDate: reads %s", (text, time) => {
  expect(parseHttpDate(text, NOW)).toBe(time);
});

it.each([
  "",
  "0",
  "2099",
  "foo 2099",
  "now",
  "1994-11-06T08:49:37Z",
  "Sun, 06 Nov 1994 08:49:37",
  "Sun, 06 Nov 1994 08:49:37 UTC",
  "Sun, 06 Nov 1994 08:49:37 +0000",
  "Sun, 06 Nov 1994 08:49:37 PST",
  "Sun, 06 Nov 1994 08:49:37 GMT+1",
  "Sun, 06 Nov 1994 08:49:37 gmt",
  "sun, 06 nov 1994 08:49:37 GMT",
  "Sun, 6 Nov 1994 08:49:37 GMT",
  "Sun,06 Nov 1994 08:49:37 GMT",
  "06 Nov 1994 08:49:37 GMT",
  "Sun, 06 Nov 94 08:49:37 GMT",
  "Sun, 06-Nov-1994 08:49:37 GMT",
  "Sun, 06-Nov-94 08:49:37 GMT",
  "Sun, 06 Nov 1994 8:49:37 GMT",
  "Sun, 06 Nov 1994 24:00:00 GMT",
  "Sun, 06 Nov 1994 08:60:37 GMT",
  "Sun, 06 Nov 1994 08:49:61 GMT",
  "Sun, 31 Nov 1994 08:49:37 GMT",
  "Wed, 29 Feb 2023 00:00:00 GMT",
  "Sun, 00 Nov 1994 08:49:37 GMT",
  "Tuesday, 29-Feb-00 00:00:00 GMTx",
  "Sun Nov 6 08:49:37 1994",
  "Sun Nov  6 08:49:37 1994 GMT",
])("parseHttpDate: does not take %j for a date", (text) => {
  expect(parseHttpDate(text, NOW)).toBeUndefined();
});
