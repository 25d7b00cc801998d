import { readFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { type ProcessOptions, runProcess } from "./runProcess.js";

const probeTimeoutMs = 5000;
const viewTimeoutMs = 20_000;
const installTimeoutMs = 15 * 60_000;

export interface OfficialOptions {
  /** tfjs-node's folder. */
  readonly packageFolder: string;
  readonly node: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

export type OfficialProbe = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/** Whether tfjs-node's own storage host has the addon; the answer in words if not. */
export async function probeOfficialDownload(options: OfficialOptions): Promise<OfficialProbe> {
  return probe(await readFile(join(options.packageFolder, "package.json"), "utf8"), options.signal);
}

/** The same before the package is here. */
export async function probeOfficialByNpm(version: string, npm: string, run: ProcessOptions): Promise<OfficialProbe> {
  const args = ["view", `@tensorflow/tfjs-node@${version}`, "version", "binary", "--json", "--fetch-retries=0"];
  const outcome = await runProcess(npm, args, { ...run, timeoutMs: viewTimeoutMs });
  if (outcome.exitCode !== 0) return { ok: false, reason: "npm cannot tell where it is" };
  return probe(outcome.stdout, run.signal);
}

async function probe(manifest: string, signal: AbortSignal): Promise<OfficialProbe> {
  const address = addonAddress(manifest);
  if (address === null) return { ok: false, reason: "the package names no download" };
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(probeTimeoutMs)]);
    const response = await fetch(address, { method: "HEAD", signal: limit });
    return response.ok ? { ok: true } : { ok: false, reason: `its storage host answers ${response.status}` };
  } catch (error) {
    return { ok: false, reason: `its storage host cannot be reached (${causeOf(error)})` };
  }
}

/** Runs the package's own install script, as npm would. True when it ended well. */
export async function runOfficialInstall(options: OfficialOptions): Promise<boolean> {
  const tools = join(dirname(dirname(options.packageFolder)), ".bin");
  const outcome = await runProcess(options.node, [join("scripts", "install.js"), "cpu", "download"], {
    cwd: options.packageFolder,
    env: { ...options.env, PATH: `${tools}${delimiter}${options.env.PATH ?? ""}` },
    signal: options.signal,
    timeoutMs: installTimeoutMs,
  });
  return outcome.exitCode === 0;
}

/** As node-pre-gyp makes it of the package's `binary` entry. */
function addonAddress(manifest: string): string | null {
  const value: unknown = JSON.parse(manifest);
  const { version, binary } = value as { version?: string; binary?: { host?: string; remote_path?: string } };
  if (!version || !binary?.host || !binary.remote_path) return null;
  const system = { linux: "linux", darwin: "darwin", win32: "windows" }[process.platform as string];
  const suffix = process.platform === "win32" ? "zip" : "tar.gz";
  const folder = binary.remote_path
    .replace("{napi_build_version}", "8")
    .replace("{version}", version)
    .replace(/^\.\//, "");
  return new URL(`${folder}CPU-${system}-${version}.${suffix}`, binary.host.replace(/\/?$/, "/")).href;
}

function causeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}
