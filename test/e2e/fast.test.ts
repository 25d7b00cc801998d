import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { RunEvent } from "../../src/run/format.js";
import "./matchers.js";
import { useWorkbench } from "./pages/useWorkbench.js";

const test = useWorkbench();

describe("a run that BatchNorm makes slow", () => {
  afterEach(() => test.workbench.command("layerscope.stop"));

  it("is offered the fast path once, and trains again with it", async () => {
    const { workbench } = test;
    await workbench.train("long.js");
    await expect(workbench.dashboard).toSay("long.js is training");
    await expect(workbench.dashboard).toDraw("norm", 10);
    const slow = test.runs.newest();
    // What the training process writes when it has measured it, which takes a thousand times as long.
    const measured: RunEvent = { type: "fastPath", timeMs: 1, step: 10, stepMs: 20, batchNormMs: 11, fusedMs: 2 };
    appendFileSync(join(slow.folder, "events.jsonl"), `${JSON.stringify(measured)}\n`);
    const offer = /long\.js could train faster\. .*a step would take ×0\.55/;
    await expect.poll(() => workbench.notifications(), { timeout: 20_000 }).toEqual([expect.stringMatching(offer)]);
    await workbench.screenshot("fast-offer");
    await workbench.page.getByRole("button", { name: "Choose…" }).click();
    await workbench.page.getByRole("option", { name: /Train again with fast BatchNorm/ }).click();
    await expect.poll(() => test.runs.newest().id, { timeout: 30_000 }).not.toBe(slow.id);
    await expect.poll(() => test.runs.show(slow.id).status).toBe("stopped");
    await expect(workbench.dashboard).toDraw("norm", 10);
    const { engine } = test.runs.show(test.runs.newest().id) as unknown as { engine: { reason: string } };
    expect(engine.reason).toContain("Fast BatchNorm and convolution are on: rounding differs in the last bits");
    await expect.poll(() => workbench.status()).toMatch(/long\.js step \d+ loss [\d.]+ embedded/);
    expect(await workbench.page.locator('[id="layerscope.layerscope.layerscope.status"] .codicon-zap').count()).toBe(1);
    expect(await workbench.notifications()).toEqual([]);
  });
});
