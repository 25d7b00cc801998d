import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { type RunFile, type RunStatus, runFileName } from "../../run/format.js";
import { effectiveStatus, readRunFile } from "../../run/runFile.js";

export interface KnownRun {
  readonly folder: string;
  readonly run: RunFile;
  readonly status: RunStatus;
}

/** The runs of several folders. A run.json is read again only after it changed; what is not a run is left out. */
export class RunCatalogue {
  private readonly known = new Map<string, { readonly stamp: string; readonly run: RunFile | null }>();

  /** Newest first. */
  list(runsFolders: readonly string[]): KnownRun[] {
    const found = new Set<string>();
    const runs: KnownRun[] = [];
    for (const runsFolder of runsFolders) {
      for (const name of entries(runsFolder)) {
        const folder = join(runsFolder, name);
        const run = this.read(folder);
        if (run === null || found.has(folder)) continue;
        found.add(folder);
        runs.push({ folder, run, status: effectiveStatus(run) });
      }
    }
    for (const folder of this.known.keys()) {
      if (runsFolders.some((parent) => folder.startsWith(parent)) && !found.has(folder)) this.known.delete(folder);
    }
    return runs.sort((a, b) => (a.run.startedAt < b.run.startedAt ? 1 : a.run.startedAt > b.run.startedAt ? -1 : 0));
  }

  private read(folder: string): RunFile | null {
    const about = statSync(join(folder, runFileName), { throwIfNoEntry: false });
    if (about === undefined) return null;
    const stamp = `${about.mtimeMs} ${about.size} ${about.ino}`;
    const known = this.known.get(folder);
    if (known?.stamp === stamp) return known.run;
    let run: RunFile | null;
    try {
      run = readRunFile(folder);
    } catch {
      // Half written: the next change brings it; until then the last good one stands.
      run = known?.run ?? null;
    }
    this.known.set(folder, { stamp, run });
    return run;
  }
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
