import { readdirSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { type RunFile, type RunStatus, runFileName } from "./format.js";
import { recordedSteps } from "./recordedSteps.js";
import { effectiveStatus, RunFolderError, readRunFile } from "./runFile.js";

export interface ListedRun {
  readonly folder: string;
  readonly run: RunFile;
  readonly status: RunStatus;
}

/** The runs in a folder of runs, newest first. What is no readable run is left out; no folder, no runs. */
export function listRuns(runs: string): ListedRun[] {
  const found: ListedRun[] = [];
  for (const name of folderNames(runs)) {
    const folder = join(runs, name);
    try {
      const run = readRunFile(folder);
      const status = effectiveStatus(run);
      found.push({ folder, run: status === "running" ? run : { ...run, steps: recordedSteps(folder, run) }, status });
    } catch (error) {
      if (!(error instanceof RunFolderError)) throw error;
    }
  }
  return found.sort((a, b) => compare(b.run.startedAt, a.run.startedAt) || compare(b.run.id, a.run.id));
}

/**
 * The folder that `reference` means: a run's folder, its id in `runs` (or the beginning of just one id), or `latest`.
 * Throws RunFolderError with one sentence where there is none.
 */
export function findRun(reference: string, runs: string, workingFolder: string): string {
  if (reference === "latest") {
    const newest = listRuns(runs)[0];
    if (newest !== undefined) return newest.folder;
    throw new RunFolderError(`No run in ${runs} yet: make one with \`layerscope train SCRIPT\`.`, { kind: "missing" });
  }
  const folder = resolve(workingFolder, reference);
  if (isRun(folder)) return folder;
  const direct = join(runs, reference);
  if (basename(reference) === reference && isRun(direct)) return direct;
  const matches = folderNames(runs).filter((name) => name.startsWith(reference) && isRun(join(runs, name)));
  const [only, second] = matches;
  if (only !== undefined && second === undefined) return join(runs, only);
  if (second !== undefined) {
    const which = matches.slice(0, 3).join(", ");
    throw new RunFolderError(`${matches.length} runs begin with ${reference} (${which}…): give the whole id.`, {
      kind: "missing",
    });
  }
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) readRunFile(folder);
  throw new RunFolderError(`No run ${reference} in ${runs}: \`layerscope runs\` lists what is there.`, {
    kind: "missing",
  });
}

function folderNames(runs: string): string[] {
  try {
    return readdirSync(runs, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
      .map((entry) => entry.name);
  } catch {
    return [];
  }
}

function isRun(folder: string): boolean {
  return statSync(join(folder, runFileName), { throwIfNoEntry: false })?.isFile() === true;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
