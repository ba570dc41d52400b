// Loaded into the command line by a test: the first look at a folder takes longer than all others.
import promises from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";

const { lstat } = promises;
let isFirst = true;
promises.lstat = async (...args) => {
  const wait = isFirst ? 500 : 0;
  isFirst = false;
  await sleep(wait);
  return lstat(...args);
};
syncBuiltinESMExports();
