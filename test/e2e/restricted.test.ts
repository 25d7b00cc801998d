import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { root } from "../helpers/project.mjs";
import "./matchers.js";
import { useWorkbench } from "./pages/useWorkbench.js";

const test = useWorkbench({
  asksForTrust: true,
  settings: { "security.workspace.trust.startupPrompt": "never", "security.workspace.trust.banner": "never" },
});

describe("in Restricted Mode", () => {
  it("nothing of the workspace is executed", async () => {
    const { workbench } = test;
    await workbench.showLive();
    expect(await workbench.driver.evaluate((vscode) => vscode.workspace.isTrusted)).toBe(false);
    await expect(workbench.live).toSay("In Restricted Mode nothing is executed; saved runs can be viewed.");
    await workbench.train("short.js");
    await expect.poll(() => workbench.notifications()).toEqual([expect.stringContaining("Restricted Mode")]);
    expect(existsSync(workbench.path(".layerscope"))).toBe(false);
    await workbench.screenshot("restricted");
  });

  it("a saved run can be viewed", async () => {
    const { workbench } = test;
    const script = workbench.path("short.js");
    const cli = join(root, "dist/cli.cjs");
    const args = [cli, "train", script, "--runs", workbench.path(".layerscope/runs")];
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
    expect(status, stderr).toBe(0);
    await workbench.command("layerscope.openRun", test.runs.newest().folder);
    await expect(workbench.dashboard).toSay("short.js completed after 40 steps.");
    await expect(workbench.dashboard).toDraw("norm", 40);
  });
});
