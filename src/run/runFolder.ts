import { randomBytes } from "node:crypto";
import { accessSync, constants, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";

/** Where runs are kept in a workspace. */
export function defaultRunsFolder(workspace: string): string {
  return join(workspace, ".layerscope", "runs");
}

/** Sorts by time, is unique between processes, and is a plain folder name everywhere. */
export function newRunId(date = new Date()): string {
  const time = date.toISOString().replace(/[-:]/g, "").replace("T", "-").slice(0, 15);
  return `${time}-${randomBytes(3).toString("hex")}`;
}

/**
 * Makes the folder of runs. Where that is impossible (read-only, not permitted, no space) a temporary one
 * takes its place, and `problem` says so in one sentence.
 */
export function prepareRunsFolder(runs: string): { readonly folder: string; readonly problem: string | null } {
  try {
    mkdirSync(runs, { recursive: true });
    accessSync(runs, constants.W_OK);
    ignoreInGit(runs);
    return { folder: runs, problem: null };
  } catch (error) {
    const folder = temporaryFolder();
    const reason = (error as NodeJS.ErrnoException).code ?? String(error);
    return { folder, problem: `cannot write to ${runs} (${reason}), so the run is recorded in ${folder}` };
  }
}

/** TMPDIR may name a folder that is not there. */
function temporaryFolder(): string {
  for (const place of [tmpdir(), "/tmp", homedir()]) {
    try {
      return mkdtempSync(join(place, "layerscope-runs-"));
    } catch {
      // The next one, or the error of the first below.
    }
  }
  return mkdtempSync(join(tmpdir(), "layerscope-runs-"));
}

/** `.layerscope` ignores itself, so that no project has to. */
function ignoreInGit(runs: string): void {
  const parent = dirname(runs);
  if (basename(parent) !== ".layerscope") return;
  try {
    writeFileSync(join(parent, ".gitignore"), "*\n", { flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}
