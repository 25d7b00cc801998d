import { type ExecFileException, execFile } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";

export const oldestNodeMajor = 20;

export interface FoundNode {
  readonly path: string;
  /** Without the leading v, e.g. `20.20.2`. */
  readonly version: string;
  readonly from: "setting" | "path" | "shell";
}

export type NodeDiscovery =
  | { readonly ok: true; readonly node: FoundNode }
  | {
      readonly ok: false;
      readonly reason: "missing" | "tooOld" | "settingBroken";
      /** What the message names: the setting's path, or the version that is too old. */
      readonly got: string;
      /** One line for each place that was looked at. */
      readonly tried: readonly string[];
    };

export interface NodeSearch {
  /** Setting `layerscope.nodePath`; empty = not set. */
  readonly setting: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  /** The host's PATH can be incomplete just after start: PATH is looked at again after this pause. */
  readonly retryAfterMs: number;
  readonly shellTimeoutMs: number;
}

/**
 * The Node that trains, in the user's order: the setting, PATH (twice), the login shell, where version managers live.
 * A setting that does not work is an error and never silently replaced; on PATH and in the shell an old Node is passed over.
 */
export async function findNode(search: NodeSearch): Promise<NodeDiscovery> {
  const tried: string[] = [];
  if (search.setting !== "") return fromSetting(search, tried);
  let tooOld: string | null = null;
  const accept = async (path: string, from: FoundNode["from"]): Promise<FoundNode | null> => {
    const version = await versionOf(path, search);
    if (version === null) tried.push(`${path}: does not answer --version`);
    else if (majorOf(version) < oldestNodeMajor) {
      tried.push(`${path}: version ${version}, too old`);
      tooOld ??= version;
    } else return { path, version, from };
    return null;
  };
  for (let attempt = 0; attempt < 2; attempt++) {
    if (attempt > 0) await new Promise((resolve) => setTimeout(resolve, search.retryAfterMs));
    const candidates = onPath(search);
    for (const path of candidates) {
      const node = await accept(path, "path");
      if (node !== null) return { ok: true, node };
    }
    if (candidates.length > 0) break;
    if (attempt > 0) tried.push(`PATH: ${search.environment.PATH ?? search.environment.Path ?? ""}`);
  }
  const shell = search.environment.SHELL;
  if (search.platform !== "win32" && shell !== undefined && shell !== "") {
    const path = await fromShell(shell, search, tried);
    const node = path === null ? null : await accept(path, "shell");
    if (node !== null) return { ok: true, node };
  }
  return tooOld === null
    ? { ok: false, reason: "missing", got: "", tried }
    : { ok: false, reason: "tooOld", got: tooOld, tried };
}

async function fromSetting(search: NodeSearch, tried: string[]): Promise<NodeDiscovery> {
  const version = await versionOf(search.setting, search);
  if (version === null) {
    tried.push(`layerscope.nodePath: ${search.setting}: does not answer --version`);
    return { ok: false, reason: "settingBroken", got: search.setting, tried };
  }
  if (majorOf(version) < oldestNodeMajor) {
    tried.push(`layerscope.nodePath: ${search.setting}: version ${version}, too old`);
    return { ok: false, reason: "tooOld", got: version, tried };
  }
  return { ok: true, node: { path: search.setting, version, from: "setting" } };
}

function majorOf(version: string): number {
  return Number.parseInt(version, 10);
}

function onPath({ environment, platform }: NodeSearch): string[] {
  const path = environment.PATH ?? environment.Path ?? "";
  const name = platform === "win32" ? "node.exe" : "node";
  const found = path
    .split(delimiter)
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, name))
    .filter(isExecutable);
  return [...new Set(found)];
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

const marker = "__layerscope_node__";

/**
 * Asks an interactive shell, whose start files set up nvm, fnm, volta, asdf and their like: one for a login, then one
 * without, since bash reads its `.bashrc` for a login only where another file says so.
 */
async function fromShell(shell: string, search: NodeSearch, tried: string[]): Promise<string | null> {
  for (const flags of ["-ilc", "-ic"]) {
    const ask = async (command: string): Promise<{ answer: string; failure: string | null }> => {
      // Start files print what they like.
      const marked = `printf %s ${marker}; ${command}; printf %s ${marker}`;
      const { output, failure } = await run(shell, [flags, marked], search.shellTimeoutMs, search.environment);
      return { answer: output.split(marker)[1]?.trim().split("\n").at(-1) ?? "", failure };
    };
    const { answer, failure } = await ask("command -v node");
    if (answer.startsWith("/")) return answer;
    // A function or alias that loads the version manager when it is first called.
    const called = answer === "" ? "" : (await ask("node -p process.execPath")).answer;
    if (called.startsWith("/")) return called;
    tried.push(`${shell} ${flags} 'command -v node': ${failure ?? "no node"}`);
    if (failure === timeoutFailure(search.shellTimeoutMs)) break;
  }
  return null;
}

async function versionOf(path: string, search: NodeSearch): Promise<string | null> {
  const { output } = await run(path, ["--version"], search.shellTimeoutMs, search.environment);
  return /^v(\d+\.\d+\.\d+\S*)/m.exec(output)?.[1] ?? null;
}

function run(
  file: string,
  args: readonly string[],
  timeoutMs: number,
  environment: NodeSearch["environment"],
): Promise<{ output: string; failure: string | null }> {
  return new Promise((resolve) => {
    try {
      const child = execFile(
        file,
        [...args],
        { timeout: timeoutMs, killSignal: "SIGKILL", env: { ...environment }, windowsHide: true },
        (error, stdout) => resolve({ output: stdout, failure: error === null ? null : failureOf(error, timeoutMs) }),
      );
      child.stdin?.end();
    } catch (thrown) {
      resolve({ output: "", failure: thrown instanceof Error ? thrown.message : String(thrown) });
    }
  });
}

function failureOf(error: ExecFileException, timeoutMs: number): string {
  if (error.killed === true) return timeoutFailure(timeoutMs);
  return typeof error.code === "number" ? `exit code ${error.code}` : (error.message.split("\n", 1)[0] ?? "");
}

function timeoutFailure(timeoutMs: number): string {
  return `no answer in ${timeoutMs} ms`;
}
