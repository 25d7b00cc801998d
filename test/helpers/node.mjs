import { spawn } from "node:child_process";
import { Failure } from "./progress.mjs";
import { root } from "./project.mjs";

/**
 * Runs a script of the project with this Node; its output is ours.
 * @param {readonly string[]} args
 * @param {Readonly<Record<string, string>>} [env] added to ours
 * @returns {Promise<void>}
 */
export function runNode(args, env = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ["ignore", "inherit", "inherit"],
    });
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (code === 0) resolve();
      else reject(new Failure(`node ${args.join(" ")} ended with ${signal ?? `exit code ${code}`}.`));
    });
  });
}
