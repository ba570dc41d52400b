import { expect, it } from "vitest";
import { parseTimestamp } from "../../src/model/time.ts";

it.each([
  ["2027-01-15T10:30:00Z", Date.UTC(2027, 0, 15, 10, 30)],
  ["2027-01-15T10:30:00.999Z", Date.UTC(2027, 0, 15, 10, 30)],
  ["2027-01-15T10:30:00+05:30", Date.UTC(2027, 0, 15, 5)],
  ["2027-01-01T00:00:00-01:00", Date.UTC(2027, 0, 1, 1)],
  ["2028-02-29T23:59:59Z", Date.UTC(2028, 1, 29, 23, 59, 59)],
  ["2027-01-15T10:30:00-00:00", Date.UTC(2027, 0, 15, 10, 30)],
])("parseTimestamp: reads %s", (text, time) => {
  expect(parseTimestamp(text)).toBe(time);
});

it.each([
  "2027-02-30T00:00:00Z",
  "2027-02-29T00:00:00Z",
  "2027-04-31T00:00:00Z",
  "2027-00-10T00:00:00Z",
  "2027-13-10T00:00:00Z",
  "2027-01-00T00:00:00Z",
  "2027-01-15T24:00:00Z",
  "2027-01-15T10:60:00Z",
  "2027-01-15T10:30:60Z",
  "2027-01-15T10:30:00+24:00",
  "2027-01-15T10:30:00+01:60",
  "2027-01-15T10:30:00",
  "2027-01-15T10:30Z",
  "2027-01-15",
  " 2027-01-15T10:30:00Z",
])("parseTimestamp: does not take %j for a time", (text) => {
  expect(parseTimestamp(text)).toBeUndefined();
});
