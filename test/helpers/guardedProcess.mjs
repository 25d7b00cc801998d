import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import { markVariable } from "./markedProcesses.mjs";

const guard = fileURLToPath(new URL("guard.mjs", import.meta.url));

/**
 * A process that ends, with everything it started, when `stop` is called or this process dies.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} env
 */
export function startGuarded(command, args, env) {
  const mark = randomUUID();
  const child = spawn(process.execPath, [guard, command, ...args], {
    detached: true,
    env: { ...env, [markVariable]: mark },
    stdio: ["pipe", "pipe", "pipe"],
  });
  /** @type {Promise<void>} */
  const ended = new Promise((resolve) => child.on("close", () => resolve()));
  return {
    mark,
    ended,
    output: [child.stdout, child.stderr],
    stop() {
      child.stdin.end();
      return ended;
    },
  };
}
