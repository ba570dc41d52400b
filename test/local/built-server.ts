/** The server of `npm start`, of a build that has been made before: see test/support/build-once.ts. */

import { readBuild } from "../../src/local/dist.ts";
import { fail, run } from "../../src/local/run.ts";

const [folder = "", ...args] = process.argv.slice(2);

run({ command: "npm start --", args, build: () => readBuild(folder), endsWithNpm: false }).catch(fail);
