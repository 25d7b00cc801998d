import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { useWorkbench } from "./pages/useWorkbench.js";

const test = useWorkbench();
const patient = { timeout: 60_000 };

/** Types a command into a new terminal of the workspace; its exit code is in the file that comes back. */
async function type(command: string, name: string): Promise<string> {
  const end = test.workbench.path(`${name}.end`);
  await test.workbench.driver.evaluate(
    (vscode, line, terminalName) => {
      const terminal = vscode.window.createTerminal({ name: terminalName });
      terminal.show();
      terminal.sendText(line);
    },
    `${command}; echo "code $?" > ${JSON.stringify(end)}`,
    name,
  );
  await expect.poll(() => existsSync(end) && readFileSync(end, "utf8"), patient).toMatch(/^code \d+\n$/);
  return readFileSync(end, "utf8").trim();
}

describe("auto attach", () => {
  it("is off until it is switched on", async () => {
    expect(await type(`node noTensorFlow.js && test -z "$LAYERSCOPE_OPTIONS"`, "before")).toBe("code 0");
    expect(test.runs.list()).toEqual([]);
  });

  it("records every node of a new terminal that trains, and no other", async () => {
    const { workbench, runs } = test;
    await workbench.command("layerscope.toggleAutoAttach");
    expect(await type("node noTensorFlow.js && node short.js", "on")).toBe("code 0");
    await expect
      .poll(() => runs.list().map(({ status, steps }) => [status, steps]), patient)
      .toEqual([["completed", 40]]);
    expect(runs.newest().script).toBe(workbench.path("short.js"));
    // It is shown without being asked for, and what it starts is followed.
    expect(await type("node forks.js", "forks")).toBe("code 0");
    await expect.poll(() => runs.list().filter(({ steps }) => steps === 40).length, patient).toBe(3);
  });

  it("leaves exit codes, NODE_OPTIONS and programs that are not Node's alone", async () => {
    const { workbench } = test;
    const seen = workbench.path("options.txt");
    const print = `node --no-deprecation -e 'require("fs").writeFileSync(${JSON.stringify(seen)}, process.env.NODE_OPTIONS); process.exit(3)'`;
    expect(await type(`export NODE_OPTIONS="$NODE_OPTIONS --stack-trace-limit=5"; ${print}`, "others")).toBe("code 3");
    expect(readFileSync(seen, "utf8")).toMatch(/^--require .*backend\.cjs"? +.*--stack-trace-limit=5$/);
  });

  it("is gone from new terminals when it is switched off", async () => {
    const { workbench, runs } = test;
    const before = runs.list().length;
    await workbench.command("layerscope.toggleAutoAttach");
    expect(await type(`node noTensorFlow.js && test -z "$LAYERSCOPE_OPTIONS"`, "off")).toBe("code 0");
    expect(runs.list()).toHaveLength(before);
    expect(existsSync(join(workbench.path(), ".layerscope/runs"))).toBe(true);
  });
});
