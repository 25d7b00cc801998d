import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../helpers/project.mjs";

export interface RunEntry {
  readonly id: string;
  readonly folder: string;
  readonly script: string;
  readonly status: string;
  readonly steps: number;
}

export interface ShownRun extends RunEntry {
  readonly exitCode: number | null;
}

/** What the run folders say, asked through the command line: a process that knows nothing of the workbench. */
export class SavedRuns {
  constructor(private readonly workspace: string) {}

  newest(): RunEntry {
    const [run] = this.list();
    if (run === undefined) throw new Error(`There is no run in ${this.workspace}.`);
    return run;
  }

  list(): readonly RunEntry[] {
    return this.ask(["runs"]) as readonly RunEntry[];
  }

  show(run: string): ShownRun {
    return this.ask(["show", run]) as ShownRun;
  }

  /** One statistic over the steps; per-channel values as their mean. */
  series(run: string, layer: string, statistic: string): ReadonlyMap<number, number> {
    const values = [...this.values(run, layer, statistic)];
    return new Map(values.map(([step, value]) => [step, typeof value === "number" ? value : mean(value)]));
  }

  /** The same with the value of each channel. */
  values(run: string, layer: string, statistic: string): ReadonlyMap<number, number | readonly number[]> {
    const rows = this.ask(["series", run, "--layer", layer, "--stat", statistic]) as readonly {
      readonly step: number;
      readonly value: number | readonly number[];
    }[];
    return new Map(rows.map(({ step, value }) => [step, value]));
  }

  /** The process that writes, or wrote, a run. */
  processOf(run: RunEntry): number {
    return JSON.parse(readFileSync(join(run.folder, "run.json"), "utf8")).process.id;
  }

  private ask(args: readonly string[]): unknown {
    const runs = ["--runs", join(this.workspace, ".layerscope/runs"), "--json"];
    const cli = [join(root, "dist/cli.cjs"), ...args, ...runs];
    const { status, stdout, stderr } = spawnSync(process.execPath, cli, { encoding: "utf8", maxBuffer: 2 ** 28 });
    if (status !== 0) throw new Error(`layerscope ${args.join(" ")} ended with ${status}: ${stderr}`);
    return JSON.parse(stdout);
  }
}

export function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch {
    return false;
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
