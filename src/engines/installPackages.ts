import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { EngineSpec } from "./engineSpec.js";
import { explainToolFailure } from "./explainToolFailure.js";
import { runProcess } from "./runProcess.js";

/** Written when all packages are there; a folder without it is never taken over by a later installation. */
export const packagesDoneFile = "packages.done";

/**
 * tfjs-node's JavaScript with its dependencies, through the user's own npm: `npm ci` checks every package against the
 * integrity in our lock, and no package's install script is run.
 */
export async function installPackages(
  folder: string,
  spec: EngineSpec,
  tools: { readonly npm: string; readonly env: NodeJS.ProcessEnv; readonly signal: AbortSignal },
): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "package.json"), JSON.stringify(spec.packages.manifest));
  await writeFile(join(folder, "package-lock.json"), JSON.stringify(spec.packages.lock));
  const quick = ["--no-audit", "--no-fund", "--prefer-offline", "--fetch-retries=1", "--fetch-retry-mintimeout=2000"];
  const outcome = await runProcess(tools.npm, ["ci", "--ignore-scripts", "--omit=dev", ...quick], {
    cwd: folder,
    env: withoutProjectSettings(tools.env),
    signal: tools.signal,
  });
  if (outcome.exitCode !== 0) throw explainToolFailure("npm", outcome, folder);
  await removeSourceMaps(join(folder, "node_modules"));
  await writeFile(join(folder, packagesDoneFile), "");
}

/** Two thirds of what tfjs's packages weigh. */
async function removeSourceMaps(folder: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    // `parentPath` is there from Node 20.12 on, `path` before that.
    if (entry.isFile() && entry.name.endsWith(".map")) await rm(join(entry.parentPath ?? entry.path, entry.name));
  }
}

/** Without what an npm that runs us (`npx`, a script) hands down about *its* project. */
function withoutProjectSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const foreign =
    /^npm_(?:package_|lifecycle_|command$|execpath$|node_execpath$|config_(?:global|prefix|local_prefix|dry_run|omit|workspace|workspaces|package_lock|ignore_scripts)$)/i;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !foreign.test(name)));
}
