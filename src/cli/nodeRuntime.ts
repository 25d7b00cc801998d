import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { extname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { CommandError, type CommandIo, exitCodes, missingError } from "./commandIo.js";
import { resolvePackage } from "./plugAndPlay.js";

export interface NodeRuntime {
  readonly path: string;
  readonly major: number;
  readonly minor: number;
}

const oldestMajor = 20;

/** The Node that runs the script: `--node`, else our own. */
export function findNode(given: string | undefined, io: CommandIo): NodeRuntime {
  const path = given === undefined ? process.execPath : nodePath(given, io);
  const version = path === process.execPath ? process.version : askVersion(path);
  const [major, minor] = version.replace(/^v/, "").split(".").map(Number);
  if (major === undefined || minor === undefined || !(major >= oldestMajor)) {
    const wanted = `Layerscope needs Node ${oldestMajor} or newer: name one with --node PATH`;
    throw new CommandError(`${path} is Node ${version}; ${wanted}.`, { exitCode: exitCodes.usage });
  }
  return { path, major, minor };
}

function nodePath(given: string, io: CommandIo): string {
  if (!/[\\/]/.test(given)) return given;
  const path = resolve(io.cwd, given);
  if (!existsSync(path)) throw missingError(`No Node at ${path}.`);
  return path;
}

function askVersion(path: string): string {
  const { stdout, error } = spawnSync(path, ["--version"], { encoding: "utf8", timeout: 10_000 });
  if (error !== undefined) throw missingError(`Cannot run ${path}: ${error.message}.`, error);
  return stdout.trim().split("\n", 1)[0] ?? "";
}

const typescriptExtensions: readonly string[] = [".ts", ".mts", ".cts", ".tsx"];

/** The file that Node would run for `script` (extension or index file added). */
export function findScript(script: string, io: CommandIo): string {
  const path = resolve(io.cwd, script);
  try {
    return createRequire(resolve(io.cwd, "script.js")).resolve(path);
  } catch (cause) {
    throw missingError(`No script at ${path}.`, cause);
  }
}

/** Node's own arguments for the script's language: what makes TypeScript run, where Node needs help with it. */
export function languageArguments(script: string, node: NodeRuntime): readonly string[] {
  if (!typescriptExtensions.includes(extname(script))) return [];
  const tsx = resolvePackage("tsx", script);
  // The project's own loader knows the project's dialect (enums, paths, extensions left out), which Node does not.
  if (tsx !== null) return ["--import", pathToFileURL(tsx).href];
  const stripsTypes =
    node.major > 23 || (node.major === 23 && node.minor >= 6) || (node.major === 22 && node.minor >= 18);
  if (stripsTypes && extname(script) !== ".tsx") return [];
  const tsNode = resolvePackage("ts-node/register/transpile-only", script);
  if (tsNode !== null) return ["--require", tsNode];
  throw new CommandError(
    `${script} is TypeScript, which Node ${node.major}.${node.minor} does not run: install tsx in the project (npm i -D tsx), or use Node 22.18 or newer with --node PATH.`,
    { exitCode: exitCodes.usage },
  );
}
