import { copyFileSync, existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { quantile } from "./quantile.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const seconds = 20;
const warmUpMs = 4000;
const hiddenMs = 15_000;
const hiddenWindows = 15;
const settleMs = 6000;
/** Finding Node and an engine, and the first steps, are no part of what a running training costs. */
const startMs = 12_000;
const chart = '.section-layer [data-chart="batch-running-mean"][data-layer="norm"]';

/**
 * From the end of a step in the training process to the frame that shows it: both clocks are the machine's.
 * @param {import("./workbench.mjs").Workbench} workbench
 * @returns {Promise<{ medianMs: number, p95Ms: number, steps: number }>}
 */
export async function measureLatency(workbench) {
  const { driver, workspace } = workbench;
  copyFileSync(join(here, "paced.cjs"), join(workspace, "paced.cjs"));
  const ends = join(workspace, "ends.txt");
  await driver.evaluate(
    async (vscode, script, args) => {
      const settings = vscode.workspace.getConfiguration();
      await settings.update("layerscope.arguments", args, vscode.ConfigurationTarget.Global);
      void vscode.commands.executeCommand("layerscope.train", vscode.Uri.file(script));
    },
    join(workspace, "paced.cjs"),
    [ends, String(seconds)],
  );
  const frame = await workbench.frame("dashboard");
  await frame.waitForSelector(`${chart}[data-drawn="true"]`, { timeout: 120_000 });
  await frame.evaluate((selector) => {
    const drawn = [];
    Object.assign(window, { drawnSteps: drawn });
    const element = document.querySelector(selector);
    if (element === null) return;
    // The attribute is set in the frame that draws; the next task comes after its pixels.
    const note = () => {
      const step = Number(element.getAttribute("data-step"));
      const channel = new MessageChannel();
      channel.port1.onmessage = () => drawn.push([step, Date.now()]);
      channel.port2.postMessage(null);
    };
    new MutationObserver(note).observe(element, { attributeFilter: ["data-step"] });
  }, chart);
  const deadline = Date.now() + 1000 * (seconds + 60);
  while (!existsSync(ends) && Date.now() < deadline) await delay(250);
  const drawn = await frame.evaluate(() => /** @type {any} */ (window).drawnSteps);
  return latencies(readFileSync(ends, "utf8"), drawn);
}

/** @param {string} ends @param {readonly (readonly [number, number])[]} drawn */
function latencies(ends, drawn) {
  const times = [];
  let next = 0;
  const firstMs = (drawn[0]?.[1] ?? 0) + warmUpMs;
  for (const line of ends.split("\n")) {
    const [step, endedMs] = /** @type {[number, number]} */ (line.split(" ").map(Number));
    while (next < drawn.length && drawn[next][0] < step) next++;
    const shown = drawn[next];
    if (shown === undefined) break;
    if (endedMs >= firstMs) times.push(shown[1] - endedMs);
  }
  return { medianMs: quantile(times, 0.5), p95Ms: quantile(times, 0.95), steps: times.length };
}

/**
 * Processor time of the extension host while a training runs and none of our views is visible, in percent of a core,
 * above what the same host takes before the training.
 * @param {import("./workbench.mjs").Workbench} workbench
 */
export async function measureHidden(workbench) {
  const { driver, workspace } = workbench;
  await driver.evaluate(
    async (vscode, args) => {
      const settings = vscode.workspace.getConfiguration();
      await settings.update("layerscope.arguments", args, vscode.ConfigurationTarget.Global);
      await settings.update("layerscope.openDashboardOnTrain", false, vscode.ConfigurationTarget.Global);
      await vscode.commands.executeCommand("workbench.action.closeAllEditors");
      await vscode.commands.executeCommand("workbench.view.explorer");
    },
    [join(workspace, "hidden.txt"), String((startMs + hiddenMs) / 1000 + 8)],
  );
  await delay(settleMs);
  const idle = await hostPercent(workbench);
  await driver.evaluate(
    (vscode, script) => {
      void vscode.commands.executeCommand("layerscope.train", vscode.Uri.file(script));
    },
    join(workspace, "paced.cjs"),
  );
  await delay(startMs);
  const training = await hostPercent(workbench);
  await workbench.command("layerscope.stop");
  return { percent: training - idle, idlePercent: idle };
}

/** Median over some windows: VS Code's own chores, such as looking for ports, fall into single ones. @param {import("./workbench.mjs").Workbench} workbench */
async function hostPercent(workbench) {
  const percents = [];
  for (let window = 0; window < hiddenWindows; window++) {
    const before = await workbench.hostTime();
    await delay(hiddenMs / hiddenWindows);
    const after = await workbench.hostTime();
    const usedMs = (after.cpu.user + after.cpu.system - before.cpu.user - before.cpu.system) / 1000;
    percents.push((100 * usedMs) / (after.atMs - before.atMs));
  }
  return quantile(percents, 0.5);
}
