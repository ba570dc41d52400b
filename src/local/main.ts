import { build } from "./build.ts";
import { siteIn } from "./dist.ts";
import { quietHint, refuseKeptFlags } from "./npm.ts";
import { fail, run } from "./run.ts";

/** `npm start`: the server of these sources, made of them now. */
async function main(args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  const isNpm = env["npm_lifecycle_event"] === "start";
  if (isNpm) refuseKeptFlags(args, env);
  await run({
    command: "npm start --",
    args,
    build: (directory) => build(siteIn(directory)),
    endsWithNpm: isNpm,
  });
  const hint = isNpm ? quietHint(args, env) : undefined;
  if (hint) console.error(`strongroom: ${hint}`);
}

main(process.argv.slice(2), process.env).catch(fail);
