import { afterEach, describe, expect, it } from "vitest";
import { useWorkbench } from "./pages/useWorkbench.js";

const test = useWorkbench();
const patient = { timeout: 60_000 };

/**
 * F5 on a script of the workspace, with `"layerscope"` as given in the launch configuration; `toEnd`: returns when the
 * session is over. The API's active session is no sign of that: a short one may stay the active one.
 */
async function debug(script: string, layerscope: unknown, { toEnd = false } = {}): Promise<void> {
  const started = await test.workbench.driver.evaluate(
    async (vscode, program, optIn, waits) => {
      const ended = new Promise<void>((resolve) => {
        const listening = vscode.debug.onDidTerminateDebugSession(({ parentSession }) => {
          if (parentSession !== undefined) return;
          listening.dispose();
          resolve();
        });
      });
      const hasStarted = await vscode.debug.startDebugging(vscode.workspace.workspaceFolders?.[0], {
        type: "node",
        request: "launch",
        name: "train",
        program,
        console: "internalConsole",
        layerscope: optIn,
      });
      if (hasStarted && waits) await ended;
      return hasStarted;
    },
    test.workbench.path(script),
    layerscope,
    toEnd,
  );
  expect(started).toBe(true);
}

/** Where the debugger has stopped: file and line of the frame in view; null while the script runs. */
function stopped(): Promise<string | null> {
  return test.workbench.driver.evaluate(async (vscode) => {
    const item = vscode.debug.activeStackItem;
    if (!(item instanceof vscode.DebugStackFrame)) return null;
    const { stackFrames } = await item.session.customRequest("stackTrace", { threadId: item.threadId, levels: 100 });
    const frame = stackFrames.find((candidate: { id: number }) => candidate.id === item.frameId);
    return frame === undefined ? null : `${String(frame.source?.path).split("/").at(-1)}:${frame.line}`;
  });
}

describe("F5 with statistics", () => {
  afterEach(async () => {
    await test.workbench.command("workbench.action.debug.stop");
    await test.workbench.driver.evaluate((vscode) => vscode.debug.removeBreakpoints(vscode.debug.breakpoints));
  });

  it("stops at breakpoints and records", async () => {
    const { workbench, runs } = test;
    await workbench.driver.evaluate((vscode, file) => {
      const place = new vscode.Location(vscode.Uri.file(file), new vscode.Position(4, 0));
      vscode.debug.addBreakpoints([new vscode.SourceBreakpoint(place)]);
    }, workbench.path("becomesNan.js"));
    await debug("becomesNan.js", true);
    await expect.poll(stopped, patient).toBe("becomesNan.js:5");
    await workbench.command("workbench.action.debug.continue");
    await expect
      .poll(() => runs.list().map(({ steps, status }) => [steps, status]), patient)
      .toEqual([[10, "completed"]]);
  });

  it("stops by itself where a layer first goes NaN, with the script in view", async () => {
    const { workbench, runs } = test;
    await debug("becomesNan.js", { breakOnAnomaly: true });
    await expect.poll(stopped, patient).toBe("becomesNan.js:11");
    expect(runs.list()).toHaveLength(2);
    expect(runs.newest().steps).toBeLessThan(7);
    await workbench.screenshot("break-on-anomaly");
    await workbench.command("workbench.action.debug.continue");
    await expect.poll(() => runs.newest(), patient).toMatchObject({ steps: 10, status: "completed" });
  });

  it("leaves a configuration alone that does not ask for it", async () => {
    const before = test.runs.list().length;
    await debug("noTensorFlow.js", undefined, { toEnd: true });
    expect(test.runs.list()).toHaveLength(before);
  });
});
