import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { userCacheFolder } from "../../helpers/userCache.mjs";
import type { GitSource, NpmSource } from "./publicScripts.js";

const patienceMs = 60_000;

/** A source that cannot be had here: no network, or not this part of it. */
export class OutOfReach extends Error {}

/** Copies a package or repository into `folder`. Fetched once for each user, then kept. */
export function fetchScript(source: NpmSource | GitSource, folder: string): void {
  const name = "npm" in source ? source.npm : `${source.git.replace(/^.*:\/\//, "")}@${source.commit}`;
  const key = [name, ...(source.paths ?? [])].join(" ").replaceAll(/[^\w.@-]+/g, "+");
  const kept = join(userCacheFolder("layerscope-test-scripts"), key);
  if (!existsSync(kept)) {
    mkdirSync(join(kept, ".."), { recursive: true });
    const partial = mkdtempSync(join(tmpdir(), "layerscope-fetch-"));
    try {
      if ("npm" in source) fetchFromNpm(source, partial);
      else fetchFromGit(source, partial);
      cpSync(partial, `${kept}.partial`, { recursive: true });
      renameSync(`${kept}.partial`, kept);
    } finally {
      rmSync(partial, { recursive: true, force: true });
      rmSync(`${kept}.partial`, { recursive: true, force: true });
    }
  }
  cpSync(kept, folder, { recursive: true });
}

/** The published files, without anything they depend on. */
function fetchFromNpm({ npm, paths = [] }: NpmSource, folder: string): void {
  run("npm", ["pack", npm, "--silent", "--pack-destination", folder], folder);
  const archive = readdirSync(folder).find((file) => file.endsWith(".tgz"));
  if (archive === undefined) throw new OutOfReach(`npm pack ${npm} left no archive`);
  run("tar", ["-xzf", archive, "--strip-components", "1", ...paths.map((path) => `package/${path}`)], folder);
  rmSync(join(folder, archive));
}

/** Hosts that did not answer once are not asked again: where a network swallows packets each try takes a minute. */
const silentHosts = new Map<string, OutOfReach>();

/** One commit, and of it only the files that are wanted. */
function fetchFromGit(source: GitSource, folder: string): void {
  const { host } = new URL(source.git);
  const silent = silentHosts.get(host);
  if (silent !== undefined) throw silent;
  try {
    checkOut(source, folder);
  } catch (error) {
    if (error instanceof OutOfReach) silentHosts.set(host, error);
    throw error;
  }
}

function checkOut({ git, commit, paths }: GitSource, folder: string): void {
  for (const args of [
    ["init", "--quiet"],
    ["remote", "add", "origin", git],
    ["config", "remote.origin.promisor", "true"],
    ["config", "remote.origin.partialclonefilter", "blob:none"],
    ["sparse-checkout", "set", "--no-cone", ...paths],
    ["fetch", "--quiet", "--depth", "1", "--filter=blob:none", "origin", commit],
    ["checkout", "--quiet", "--detach", "FETCH_HEAD"],
  ]) {
    run("git", args, folder);
  }
  rmSync(join(folder, ".git"), { recursive: true });
}

function run(command: string, args: readonly string[], cwd: string): void {
  const shell = process.platform === "win32" && command === "npm";
  const env = { ...process.env, GIT_TERMINAL_PROMPT: "0" };
  const { status, stderr, error } = spawnSync(command, args, {
    cwd,
    env,
    shell,
    timeout: patienceMs,
    encoding: "utf8",
  });
  if (status === 0) return;
  const reason = error?.message ?? stderr.trim().split("\n").at(-1) ?? "";
  throw new OutOfReach(`${command} ${args[0]} failed: ${reason}`);
}
