import { copyFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { quantile } from "./quantile.mjs";

const here = dirname(fileURLToPath(import.meta.url));
/** Long enough that each holds as many looks at the run as the others. */
const windowMs = 4000;
const windows = 12;
const settleMs = 6000;
/** Finding Node and an engine, and the first steps, are no part of what a running training costs. */
const startMs = 12_000;
/** Until V8 has compiled what it will compile: after that a training goes on for hours. */
const warmMs = 30_000;
/** As busy as the training, and nothing to do with us. */
const plain = "function turn() { const end = Date.now() + 8; while (Date.now() < end); setTimeout(turn, 10); } turn();";

/**
 * Processor time of the extension host in percent of a core, none of our views visible: with nothing running, with a
 * process in a terminal that is none of ours (VS Code looks for its ports, and more), in a training's first minute, and later.
 * @param {import("./workbench.mjs").Workbench} workbench
 * @returns {Promise<{ idlePercent: number, plainPercent: number, firstPercent: number, laterPercent: number }>}
 */
export async function measureHidden(workbench) {
  const { driver, workspace } = workbench;
  copyFileSync(join(here, "paced.cjs"), join(workspace, "paced.cjs"));
  await driver.evaluate(
    async (vscode, args) => {
      const settings = vscode.workspace.getConfiguration();
      await settings.update("layerscope.arguments", args, vscode.ConfigurationTarget.Global);
      await settings.update("layerscope.openDashboardOnTrain", false, vscode.ConfigurationTarget.Global);
      await vscode.commands.executeCommand("workbench.action.closeAllEditors");
      await vscode.commands.executeCommand("workbench.view.explorer");
    },
    [join(workspace, "hidden.txt"), String((startMs + 2 * windows * windowMs + warmMs) / 1000 + 8)],
  );
  await delay(settleMs);
  const idlePercent = await hostPercent(workbench);
  await driver.evaluate((vscode, code) => {
    const terminal = vscode.window.createTerminal("plain");
    terminal.show();
    terminal.sendText(`node -e '${code}'`);
  }, plain);
  await delay(startMs + warmMs);
  const plainPercent = await hostPercent(workbench);
  await driver.evaluate((vscode) => {
    for (const terminal of vscode.window.terminals) terminal.dispose();
  });
  await driver.evaluate(
    (vscode, script) => {
      void vscode.commands.executeCommand("layerscope.train", vscode.Uri.file(script));
    },
    join(workspace, "paced.cjs"),
  );
  await delay(startMs);
  const firstPercent = await hostPercent(workbench);
  await delay(warmMs);
  const laterPercent = await hostPercent(workbench);
  await workbench.command("layerscope.stop");
  return { idlePercent, plainPercent, firstPercent, laterPercent };
}

/** Median over some windows: single ones hold VS Code's rare chores. @param {import("./workbench.mjs").Workbench} workbench */
async function hostPercent(workbench) {
  const percents = [];
  for (let window = 0; window < windows; window++) {
    const before = await workbench.hostTime();
    await delay(windowMs);
    const after = await workbench.hostTime();
    const usedMs = (after.cpu.user + after.cpu.system - before.cpu.user - before.cpu.system) / 1000;
    percents.push((100 * usedMs) / (after.atMs - before.atMs));
  }
  return quantile(percents, 0.5);
}
