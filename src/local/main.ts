import { build } from "./build.ts";
import { siteIn } from "./dist.ts";
import { quietHint, refuseKeptFlags } from "./npm.ts";
import { fail, run } from "./run.ts";

/** `npm start`: the server of these sources, made of them now. */
async function main(args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  refuseKeptFlags(args, env);
  await run({
    command: "npm start --",
    args,
    build: (directory) => build(siteIn(directory)),
    // npm hands on SIGINT and SIGTERM; of whatever else ends it, its child hears nothing.
    endsWithParent: env["npm_lifecycle_event"] === "start",
  });
  const hint = quietHint(args, env);
  if (hint) console.error(`strongroom: ${hint}`);
}

main(process.argv.slice(2), process.env).catch(fail);
