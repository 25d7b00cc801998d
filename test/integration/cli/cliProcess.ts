import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, realpathSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/** Another build of the bundles can be tested in place of dist/. */
const cli = resolve(process.env.LAYERSCOPE_DIST ?? "dist", "cli.cjs");

export interface CliEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliRun {
  readonly child: ChildProcess;
  readonly end: Promise<CliEnd>;
  /** Output so far. */
  stdout(): string;
  stderr(): string;
}

/** A workspace with these files. Scripts in it find no TensorFlow.js of their own. */
export function workspace(files: Readonly<Record<string, string>> = {}): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "layerscope-cli-")));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

export function startCli(
  args: readonly string[],
  options: { readonly cwd: string; readonly env?: NodeJS.ProcessEnv; readonly stdin?: string },
): CliRun {
  const { cwd, env, stdin = "" } = options;
  const child = spawn(process.execPath, [cli, ...args], { cwd, env: { ...process.env, NODE_OPTIONS: "", ...env } });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  child.stdin.end(stdin);
  const end = new Promise<CliEnd>((done, fail) => {
    child.once("error", fail);
    child.once("close", (code, signal) => done({ code, signal, stdout, stderr }));
  });
  return { child, end, stdout: () => stdout, stderr: () => stderr };
}

export function runCli(args: readonly string[], options: Parameters<typeof startCli>[1]): Promise<CliEnd> {
  return startCli(args, options).end;
}

/** The JSON that a command prints. */
export async function cliJson<T>(args: readonly string[], cwd: string): Promise<T> {
  const { code, stdout, stderr } = await runCli([...args, "--json"], { cwd });
  if (code !== 0) throw new Error(`layerscope ${args.join(" ")} exited with ${code}: ${stderr}`);
  return JSON.parse(stdout) as T;
}

/** Waits until `seen` gives something; fails after a while with what `describe` says. */
export async function waitFor<T>(seen: () => T | null | undefined | false, describe: () => string): Promise<T> {
  for (const until = Date.now() + 30_000; Date.now() < until; ) {
    const value = seen();
    if (value !== null && value !== undefined && value !== false) return value;
    await new Promise((done) => setTimeout(done, 30));
  }
  throw new Error(`Waited 30 s in vain: ${describe()}`);
}
