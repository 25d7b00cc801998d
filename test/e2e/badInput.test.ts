import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import "./matchers.js";
import { useWorkbench } from "./pages/useWorkbench.js";

const test = useWorkbench();

beforeAll(() => test.workbench.showLive());

afterEach(() => test.workbench.closeNotifications());

/** The script's own exit code, as VS Code shows it below the terminal of a task. */
async function exitCodeIs(code: number): Promise<void> {
  await expect.poll(() => test.workbench.terminal()).toMatch(new RegExp(`exit code: ${code}\\b`));
}

describe("a script that", () => {
  it("has a syntax error is told so, and its terminal shows where", async () => {
    const { workbench } = test;
    await workbench.train("syntaxError.js");
    await expect(workbench.live).toSay(/syntaxError\.js (failed|ended).*/);
    expect(await workbench.terminal()).toContain("SyntaxError: Unexpected token '='");
    await exitCodeIs(1);
    await workbench.screenshot("syntax-error");
  });

  it("throws in the middle of training keeps what it recorded, and its message is in the view", async () => {
    const { workbench, runs } = test;
    await workbench.train("throws.js");
    await expect(workbench.live).toSay(/throws\.js failed after (19|20) steps: .*The data ran out at step 20\./);
    await expect(workbench.live).toDraw("norm", 19);
    await exitCodeIs(1);
    expect(runs.show(runs.newest().id)).toMatchObject({ status: "failed", exitCode: 1 });
    await workbench.screenshot("throws");
  });

  it("calls process.exit(3) keeps its exit code and its last step", async () => {
    const { workbench, runs } = test;
    await workbench.train("exits.js");
    await expect(workbench.live).toSay(/exits\.js failed after (19|20) steps.*3/);
    await exitCodeIs(3);
    expect(runs.show(runs.newest().id)).toMatchObject({ status: "failed", exitCode: 3 });
    expect(Math.max(...runs.series(runs.newest().id, "norm", "batchMean").keys())).toBeGreaterThanOrEqual(19);
  });

  it("never loads TensorFlow.js is told so", async () => {
    const { workbench } = test;
    await workbench.train("noTensorFlow.js");
    await expect(workbench.live).toSay(
      "noTensorFlow.js ended and never loaded TensorFlow.js, so there is nothing to show.",
    );
    expect(await workbench.terminal()).toContain("Nothing to train here.");
    await workbench.screenshot("never-loaded");
  });

  it("loads TensorFlow.js and never trains is told so", async () => {
    const { workbench } = test;
    await workbench.train("neverTrains.js");
    await expect(workbench.live).toSay(/neverTrains\.js .*ended without a training step/);
    await workbench.screenshot("never-trained");
  });

  it("is not there is named in one message", async () => {
    const { workbench } = test;
    await workbench.train("missing.js");
    await expect.poll(() => workbench.notifications()).toEqual([expect.stringContaining("missing.js")]);
    await workbench.screenshot("missing-file");
  });
});

describe("a Node that", () => {
  it("is too old is named with its version and what is wanted", async () => {
    const { workbench } = test;
    const old = workbench.path("node18");
    writeFileSync(old, "#!/bin/sh\necho v18.20.8\n");
    chmodSync(old, 0o755);
    await workbench.set("layerscope.nodePath", old);
    await workbench.train("short.js");
    await expect.poll(() => workbench.notifications()).toEqual([expect.stringMatching(/18\.20\.8.*20/s)]);
    await workbench.screenshot("old-node");
    await workbench.set("layerscope.nodePath", undefined);
  });
});

describe("text from a run", () => {
  it("is text, however it looks, and does not widen the view", async () => {
    const { workbench } = test;
    await workbench.train("hostileText.js");
    await expect(workbench.live).toSay(
      'hostileText.js failed after 40 steps: <img src=x onerror="document.title=1"><b>',
    );
    await expect(workbench.live).toDraw("norm_with_a_name_that_is_far_too_long_for_a_narrow_view_and_goes_on");
    const frame = await workbench.live.frame();
    expect(await frame.locator("img, main b").count()).toBe(0);
    expect(await frame.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBeLessThanOrEqual(0);
    await workbench.screenshot("hostile-text");
  });
});

describe("a runs folder that cannot be made", () => {
  it("does not keep the script from training, and is told", async () => {
    const { workbench } = test;
    mkdirSync(workbench.path("readOnly"));
    // As a read-only workspace, for root too: a file stands where the folder should be.
    writeFileSync(workbench.path("readOnly/.layerscope"), "");
    await workbench.set("layerscope.runsFolder", workbench.path("readOnly/.layerscope/runs"));
    await workbench.train("short.js");
    const told = async () => `${(await workbench.notifications()).join(" ")} ${await workbench.terminal()}`;
    await expect.poll(told, { timeout: 30_000 }).toMatch(/readOnly\/\.layerscope/);
    await workbench.screenshot("read-only");
    await workbench.set("layerscope.runsFolder", undefined);
  });
});
