import { spawn } from "node:child_process";
import { Failure } from "./progress.mjs";

/** The npm that runs us, else the one on PATH. */
function npmCommand() {
  const runner = process.env.npm_execpath;
  if (runner?.endsWith("npm-cli.js")) return { command: process.execPath, before: [runner], shell: false };
  return { command: "npm", before: [], shell: process.platform === "win32" };
}

/**
 * Runs npm without install scripts; its output is shown only when it fails.
 * @param {readonly string[]} args
 * @param {string} folder
 * @returns {Promise<void>}
 */
export function runNpm(args, folder) {
  const { command, before, shell } = npmCommand();
  const all = [...before, ...args, "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  return new Promise((resolve, reject) => {
    const child = spawn(command, all, { cwd: folder, shell, stdio: ["ignore", "pipe", "pipe"] });
    const endWithUs = () => child.kill();
    process.once("exit", endWithUs);
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (output += text));
    child.on("error", (error) => reject(new Failure(`npm could not be started: ${error.message}`)));
    child.on("close", (code) => {
      process.off("exit", endWithUs);
      if (code === 0) resolve();
      else reject(new Failure(`npm ${args.join(" ")} failed with exit code ${code} in ${folder}:\n${output.trim()}`));
    });
  });
}
