import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Frame } from "playwright-core";
import { describe, expect, it } from "vitest";
import "./matchers.js";
import type { RunEntry } from "./pages/savedRun.js";
import { useWorkbench } from "./pages/useWorkbench.js";

const test = useWorkbench();
const patient = { timeout: 90_000 };

/** Starts a command that asks something; it ends when it is answered. */
async function ask(command: string, argument?: string): Promise<void> {
  await test.workbench.driver.evaluate(
    (vscode, id, value) => void vscode.commands.executeCommand(id, ...(value === undefined ? [] : [value])),
    `layerscope.${command}`,
    argument,
  );
}

/** Types into the input box that is open. */
async function answer(title: string, text: string): Promise<void> {
  const box = test.workbench.page.locator(".quick-input-widget", { hasText: title });
  await box.waitFor(patient);
  await box.locator("input.input").fill(text);
  await test.workbench.page.keyboard.press("Enter");
  await box.waitFor({ state: "hidden", timeout: 90_000 });
}

async function pressInDialog(label: string): Promise<void> {
  await test.workbench.page.locator(".monaco-dialog-box .monaco-button", { hasText: label }).click(patient);
}

function chartAttribute(frame: Frame, chart: string, name: string): Promise<string | null> {
  return frame
    .locator(`[data-chart="${chart}"][data-drawn="true"]`)
    .first()
    .getAttribute(name, { timeout: 1000 })
    .catch(() => null);
}

async function train(...args: readonly string[]): Promise<RunEntry> {
  const { workbench, runs } = test;
  const before = runs.list().length;
  await workbench.set("layerscope.arguments", args);
  await workbench.train("short.js");
  await expect.poll(() => runs.list().filter(({ status }) => status === "completed").length, patient).toBe(before + 1);
  return runs.newest();
}

describe("two runs", () => {
  it("are chosen from a list and drawn over each other, with what differs", async () => {
    const { workbench, runs } = test;
    const first = await train("--rate", "0.1");
    const second = await train("--rate", "0.2");
    await expect(workbench.dashboard).toSay("short.js completed after 40 steps.");
    await ask("compareRuns");
    const list = workbench.page.locator(".quick-input-widget", { hasText: "Compare Runs" });
    await list.locator(".quick-input-list-entry", { hasText: first.id }).click(patient);
    await workbench.screenshot("compare-choice");
    await list.getByRole("button", { name: "OK" }).click();

    const frame = await workbench.dashboard.frame();
    await frame.waitForSelector('[data-difference="--rate"]', patient);
    expect(await frame.locator('[data-difference="--rate"] td').allInnerTexts()).toEqual(["", "0.2", "0.1"]);
    await frame.locator(".section-comparedLayer").evaluate((section) => section.scrollIntoView());
    for (const [at, run] of [second, first].entries()) {
      const batch = runs.series(run.id, "norm", "batchMean");
      const newest = Math.max(...batch.keys());
      await expect
        .poll(
          async () => Number(await chartAttribute(frame, "compare-batchMean", `data-last-batch-mean-run${at}`)),
          patient,
        )
        .toBeCloseTo(batch.get(newest) as number, 6);
    }
    await workbench.screenshot("compared");
  });

  it("are drawn as a difference, and aligned by time", async () => {
    const { workbench, runs } = test;
    const [second, first] = runs.list() as [RunEntry, RunEntry];
    const frame = await workbench.dashboard.frame();
    await frame.getByRole("checkbox", { name: "Minus the first run" }).check();
    const [a, b] = [second, first].map(({ id }) => runs.series(id, "norm", "batchMean"));
    const newest = Math.max(...(b?.keys() ?? []));
    const difference = (b?.get(newest) as number) - (a?.get(newest) as number);
    await expect
      .poll(async () => Number(await chartAttribute(frame, "compare-batchMean", "data-last-batch-mean-run1")), patient)
      .toBeCloseTo(difference, 6);
    await frame.getByLabel("Align the runs by").selectOption("time");
    await expect.poll(() => frame.locator(".range").innerText(), patient).toMatch(/^0 s to [\d.:]+( s)?$/);
    await workbench.screenshot("compared-by-time");
  });

  it("are still compared after a reload of the window", async () => {
    const { workbench } = test;
    await workbench.reload();
    await expect.poll(async () => (await workbench.dashboard.text()).includes("Leave comparison"), patient).toBe(true);
    const frame = await workbench.dashboard.frame();
    await expect.poll(() => frame.getByLabel("Align the runs by").inputValue(), patient).toBe("time");
  });

  it("are left with one press", async () => {
    const { workbench } = test;
    const frame = await workbench.dashboard.frame();
    await frame.getByRole("button", { name: "Leave comparison" }).click();
    await expect(workbench.dashboard).toDraw("norm", 39);
    expect(await workbench.dashboard.text()).not.toContain("Leave comparison");
  });
});

describe("a run", () => {
  const label = (run: RunEntry) => join(run.folder, "label.json");

  it("is named and tagged, in its own folder and on the screen", async () => {
    const { workbench, runs } = test;
    const run = runs.newest();
    await ask("renameRun", run.folder);
    await answer("Name of the run", "rate ×2");
    await ask("tagRun", run.folder);
    await answer("Tags of the run", "paper, #second");
    await expect
      .poll(() => JSON.parse(existsSync(label(run)) ? readFileSync(label(run), "utf8") : "{}"), patient)
      .toMatchObject({ name: "rate ×2", tags: ["paper", "second"] });
    await expect(workbench.dashboard).toSay(/rate ×2[\s\S]*paper[\s\S]*second/);
    await workbench.screenshot("run-named");
  });

  it("that is kept is not deleted", async () => {
    const { workbench, runs } = test;
    const run = runs.newest();
    await ask("keepRun", run.folder);
    await expect(workbench.dashboard).toSay("kept");
    await ask("deleteRun", run.folder);
    await expect.poll(() => workbench.notifications(), patient).toEqual([expect.stringContaining("rate ×2 is kept")]);
    expect(existsSync(run.folder)).toBe(true);
    await workbench.closeNotifications();
    await ask("keepRun", run.folder);
    await expect.poll(() => readFileSync(label(run), "utf8"), patient).toContain('"isKept":false');
  });

  it("is deleted after a question, and the views show it no longer", async () => {
    const { workbench, runs } = test;
    const run = runs.newest();
    await ask("deleteRun", run.folder);
    await workbench.page.locator(".monaco-dialog-box", { hasText: "Delete the run rate ×2?" }).waitFor(patient);
    await workbench.screenshot("run-delete");
    await pressInDialog("Move to Trash");
    // A workbench on a server has no trash: then it asks once more.
    const forGood = workbench.page.locator(".monaco-dialog-box", { hasText: "Delete permanently?" });
    await expect.poll(async () => !existsSync(run.folder) || (await forGood.count()) > 0, patient).toBe(true);
    if (existsSync(run.folder)) await pressInDialog("Delete Permanently");
    await expect.poll(() => existsSync(run.folder), patient).toBe(false);
    await expect.poll(async () => (await workbench.dashboard.text()).includes("rate ×2"), patient).toBe(false);
  });
});
