import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { listeningPorts, networkSockets, parentOf, processTree } from "../helpers/networkSockets.js";
import "./matchers.js";
import { isAlive } from "./pages/savedRun.js";
import { useWorkbench } from "./pages/useWorkbench.js";

/** Enough that the sample still trains when the views of a slow machine have come up. */
const epochs = 60;
const steps = 47 * epochs;
const test = useWorkbench({ settings: { "layerscope.arguments": [String(epochs)] } });

describe("the sample", () => {
  it("opens, trains and is drawn in both views while it trains", async () => {
    const { workbench } = test;
    await workbench.command("layerscope.openSample");
    await workbench.command("layerscope.train");
    await workbench.showLive();
    await expect(workbench.live).toDraw("norm1");
    // By itself the dashboard is about the worst BatchNorm layer.
    await workbench.command("layerscope.openDashboard", { layer: 1 });
    await expect(workbench.dashboard).toDraw("norm1");
    await expect(workbench.live).toSay("train.js is training");
    expect(await workbench.status()).toMatch(/train\.js step \d+ loss [\d.]+ embedded/);
    expect(test.runs.newest()).toMatchObject({ status: "running" });
    await workbench.screenshot("sample-training");
  });

  it("has numbers that change", async () => {
    const { live } = test.workbench;
    const before = await live.chart("norm1", "batch-running-mean");
    await expect(live).toDraw("norm1", before.step + 20);
    const after = await live.chart("norm1", "batch-running-mean");
    expect(after.last.batchMean).not.toBe(before.last.batchMean);
    expect(after.last.runningMean).not.toBe(before.last.runningMean);
  });

  it("completes, with its output in the terminal", async () => {
    const { workbench } = test;
    await expect(workbench.live).toSay(`train.js completed after ${steps} steps.`);
    expect(await workbench.terminal()).toMatch(
      /epoch 60 {2}loss [\d.]+ {2}accuracy +[\d.]+ % {2}held out +(9[5-9]|100)/,
    );
    expect(test.runs.newest()).toMatchObject({ status: "completed", steps });
    await workbench.screenshot("sample-completed");
  }, 120_000);
});

describe("a drawn number", () => {
  it("is the number of the run folder", async () => {
    const { workbench } = test;
    await workbench.train("short.js");
    await expect(workbench.live).toSay("short.js completed after 40 steps.");
    const { id } = test.runs.newest();
    const batch = test.runs.series(id, "norm", "batchMean");
    const running = test.runs.series(id, "norm", "runningMean");
    const newest = Math.max(...batch.keys());
    await expect(workbench.live).toDraw("norm", newest);
    const { step, last } = await workbench.live.chart("norm", "batch-running-mean");
    expect(step).toBe(newest);
    expect(last.batchMean).toBeCloseTo(batch.get(newest) as number, 6);
    expect(last.runningMean).toBeCloseTo(running.get(newest) as number, 6);
  });
});

describe("a training that goes on", () => {
  afterEach(() => test.workbench.command("layerscope.stop"));

  it("takes another budget, and one that is none is refused with a sentence", async () => {
    const { workbench, runs } = test;
    await workbench.train("long.js");
    // Until then the run before it is on screen, whose layer has the same name.
    await expect(workbench.live).toSay("long.js is training");
    await expect(workbench.live).toDraw("norm", 10);
    await workbench.command("layerscope.setBudget", "lots");
    await expect.poll(() => workbench.notifications()).toContainEqual(expect.stringContaining('got "lots"'));
    await workbench.command("layerscope.setBudget", "every");
    const budget = () => JSON.parse(readFileSync(join(runs.newest().folder, "run.json"), "utf8")).budget;
    await expect.poll(budget).toBe("every");
    await workbench.closeNotifications();
  });

  it("does not have VS Code and other extensions woken by every write into its folder", async () => {
    const { workbench, runs } = test;
    await workbench.driver.evaluate((vscode) => {
      const seen: string[] = [];
      const watcher = vscode.workspace.createFileSystemWatcher("**/*");
      for (const event of [watcher.onDidCreate, watcher.onDidChange]) event(({ fsPath }) => seen.push(fsPath));
      Object.assign(globalThis, { seen });
    });
    const before = runs.newest().id;
    await workbench.train("long.js");
    await expect.poll(() => runs.newest()).toSatisfy(({ id, steps }) => id !== before && steps >= 10);
    const changes = () => workbench.driver.evaluate(() => (globalThis as { seen?: string[] }).seen ?? []);
    await expect
      .poll(
        async () => {
          writeFileSync(workbench.path("noted.txt"), `${performance.now()}`);
          return changes();
        },
        { timeout: 30_000, interval: 1000 },
      )
      .toContain(workbench.path("noted.txt"));
    const { folder } = runs.newest();
    expect((await changes()).filter((path) => path.startsWith(`${folder}/`))).toEqual([]);
  });

  it.runIf(process.platform === "linux")(
    "opens no port, where the workspace is and not where the window is",
    async () => {
      const { workbench, runs } = test;
      const before = runs.newest().id;
      await workbench.train("long.js");
      await expect.poll(() => runs.newest()).toSatisfy(({ id, steps }) => id !== before && steps >= 10);
      const host = await workbench.driver.evaluate((vscode) => ({
        processId: process.pid,
        runsAtWorkspace:
          vscode.extensions.getExtension("layerscope.layerscope")?.extensionKind === vscode.ExtensionKind.Workspace,
        isInBrowser: vscode.env.uiKind === vscode.UIKind.Web,
        driverFile: process.env.LAYERSCOPE_DRIVER_FILE,
      }));
      expect(host).toMatchObject({ runsAtWorkspace: true, isInBrowser: true });
      // The tests' own way into the extension host is the one port there.
      const { port } = JSON.parse(readFileSync(String(host.driverFile), "utf8"));
      expect(processTree(host.processId).flatMap(listeningPorts)).toEqual([port]);
      const launcher = parentOf(runs.processOf(runs.newest()));
      expect(readFileSync(`/proc/${launcher}/cmdline`, "utf8")).toContain("long.js");
      expect(processTree(launcher).flatMap(networkSockets)).toEqual([]);
    },
  );
});

describe("stop", () => {
  afterEach(() => test.workbench.command("layerscope.stop"));

  it("ends the process and keeps the run", async () => {
    const { workbench } = test;
    await workbench.train("long.js");
    await expect(workbench.live).toSay("long.js is training");
    await expect(workbench.live).toDraw("norm", 10);
    const processId = test.runs.processOf(test.runs.newest());
    expect(isAlive(processId)).toBe(true);
    await workbench.command("layerscope.stop");
    await expect(workbench.live).toSay(/long\.js was stopped after \d+ steps\./);
    expect(isAlive(processId)).toBe(false);
    const run = test.runs.newest();
    expect(run.status).toBe("stopped");
    expect(run.steps).toBeGreaterThanOrEqual(10);
    await workbench.screenshot("stopped");
  });
});
