#!/usr/bin/env node
import { setMaxListeners } from "node:events";
import packageJson from "../../package.json" with { type: "json" };
import { Access } from "./access.ts";
import { parseCommand } from "./command.ts";
import { COMMANDS } from "./commands/index.ts";
import { explain, whereTo } from "./explain.ts";
import { commandHelp, generalHelp, groupHelp } from "./help.ts";
import { onSignals, SignalReceived } from "./signals.ts";
import { BrokenPipe, Output, visibleLines } from "./terminal/output.ts";
import { UsageError } from "./usage-error.ts";
import { find } from "./words.ts";

const [OK, FAILED, USAGE] = [0, 1, 2];

/** Runs the program. Resolves to its exit code; undefined when a server runs on in this process. */
async function main(args: readonly string[]): Promise<number | undefined> {
  const env = process.env;
  const controller = new AbortController();
  // Everything that is under way listens to it, and Node would take more than ten for a leak.
  setMaxListeners(0, controller.signal);
  const output = new Output(env, controller);
  let access: Access | undefined;
  try {
    const found = find(args, COMMANDS);
    if (found.kind === "version") await output.line(packageJson.version);
    else if (found.kind === "help") {
      const help = found.group === undefined ? generalHelp(COMMANDS) : groupHelp(found.group);
      if (found.isAsked) await output.line(help);
      else {
        // A command is missing.
        output.note(help);
        return USAGE;
      }
    } else if (found.kind === "start") {
      const { start } = await import("./start.ts");
      await start(found.args);
      return undefined;
    } else {
      onSignals(controller);
      const parsed = parseCommand(found.command, found.args);
      if (parsed.values.help) await output.line(commandHelp(found.command));
      else {
        output.isJson = parsed.values.json ?? false;
        access = new Access(parsed.values, env, output);
        const call = { arguments: parsed.arguments, access, output, env, signal: controller.signal };
        return (await found.command.run(call, parsed.values)) ?? OK;
      }
    }
    return OK;
  } catch (error) {
    return codeOf(error, controller.signal, output, access);
  }
}

function codeOf(caught: unknown, signal: AbortSignal, output: Output, access: Access | undefined): number {
  // Whatever failed because of it says less.
  const error: unknown = signal.aborted ? signal.reason : caught;
  if (error instanceof BrokenPipe) return OK;
  if (error instanceof SignalReceived) return error.exitCode;
  if (error instanceof UsageError) {
    output.error(visibleLines(error.message));
    return USAGE;
  }
  output.error(explain(error));
  const where = access && whereTo(error, access);
  if (where !== undefined) output.note(`  ${where}`);
  return FAILED;
}

const code = await main(process.argv.slice(2));
if (code !== undefined) process.exitCode = code;
