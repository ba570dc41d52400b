import { expect, it } from "vitest";
import { isExpected } from "../support/runtime-noise.ts";

const STACK = "stack: /somewhere/workerd@53c5e50 /somewhere/workerd@223a0a0";

it.each([
  `exception = workerd/api/streams/internal.c++:2563: disconnected: pump canceled\n${STACK}\n`,
  "NOSENTRY R2MultipartUpload::getKey called\n",
  "NOSENTRY SQLite alarm handler canceled with requestScheduledAlarm.; scheduledTime = 1795573187.396s\n",
])("runtime noise: %s is expected", (text) => {
  expect(isExpected(text)).toBe(true);
});

it.each([
  `exception = workerd/api/streams/internal.c++:2563: failed: pump canceled\n${STACK}\n`,
  `exception = workerd/io/worker.c++:1: disconnected: something else\n${STACK}\n`,
  `exception = workerd/api/streams/internal.c++:2563: disconnected: pump canceled\n${STACK}\nuncaught exception\n`,
  "Uncaught Error: x\n",
])("runtime noise: %s is shown", (text) => {
  expect(isExpected(text)).toBe(false);
});
