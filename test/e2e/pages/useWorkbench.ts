import { afterAll, beforeAll, beforeEach, expect } from "vitest";
import { SavedRuns } from "./savedRun.js";
import { Workbench, type WorkbenchOptions } from "./workbench.js";

/** One workbench for the tests of a file; when one fails, what it showed is kept. */
export function useWorkbench(options: WorkbenchOptions = {}): {
  readonly workbench: Workbench;
  readonly runs: SavedRuns;
} {
  let workbench: Workbench | undefined;
  beforeAll(async () => {
    workbench = await Workbench.start(options);
  });
  beforeEach(({ task, onTestFailed }) => {
    onTestFailed(() => workbench?.keepEvidence(`failed ${task.name}`.replaceAll(/\W+/g, "-")));
  });
  afterAll(async () => {
    await workbench?.close();
    expect(workbench?.pageFaults ?? []).toEqual([]);
  });
  const started = (): Workbench => {
    if (workbench === undefined) throw new Error("The workbench is there only inside a test.");
    return workbench;
  };
  return {
    get workbench() {
      return started();
    },
    get runs() {
      return new SavedRuns(started().path());
    },
  };
}
