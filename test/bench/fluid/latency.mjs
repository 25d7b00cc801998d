import { copyFileSync, existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { quantile } from "./quantile.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const seconds = 20;
const warmUpMs = 4000;
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
