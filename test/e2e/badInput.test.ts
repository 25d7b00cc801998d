import {
  chmodSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { cp, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { newRunFile } from "../../src/run/runFile.js";
import { RunWriter } from "../../src/run/runWriter.js";
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

describe("a run folder that", () => {
  const copies = 200;

  /** A copy of the newest run with its files as `change` leaves them. */
  function copyOf(
    name: string,
    change: (folder: string, run: Record<string, unknown>) => void = () => undefined,
  ): string {
    const { workbench, runs } = test;
    const folder = workbench.path("copies", name);
    cpSync(runs.newest().folder, folder, { recursive: true });
    const file = join(folder, "run.json");
    const run: Record<string, unknown> = { ...JSON.parse(readFileSync(file, "utf8")), id: name };
    writeFileSync(file, JSON.stringify(run));
    change(folder, run);
    return folder;
  }

  async function openAndRead(folder: string, sentence: string | RegExp): Promise<void> {
    await test.workbench.command("layerscope.openRun", folder);
    await expect(test.workbench.dashboard).toSay(sentence);
  }

  it("is of a newer version, half written, no run or gone is refused in one sentence", async () => {
    const { workbench } = test;
    await workbench.train("short.js");
    await expect(workbench.live).toSay("short.js completed after 40 steps.");
    const newer = copyOf("newer", (folder, run) => {
      writeFileSync(join(folder, "run.json"), JSON.stringify({ ...run, format: 99 }));
    });
    await openAndRead(newer, /has run format 99, this Layerscope reads up to \d+: update Layerscope to open it\./);
    const half = copyOf("half", (folder) => truncateSync(join(folder, "run.json"), 200));
    await openAndRead(half, "is damaged: it is not complete JSON.");
    mkdirSync(workbench.path("copies/other"));
    await openAndRead(workbench.path("copies/other"), "is not a run: it has no run.json.");
    await openAndRead(workbench.path("copies/nowhere"), "is not there (deleted or moved).");
    await expect(workbench.live).toSay(/is not there \(deleted or moved\)\.\s+Open Run…/);
    // Nothing is said of the layers of a run that is none.
    await expect
      .poll(() => workbench.page.locator(".pane", { hasText: "Layers" }).first().innerText())
      .toContain("No training run yet.");
    await workbench.screenshot("refused-run");
  });

  it("was cut off in the middle of its tables is drawn as far as it goes", async () => {
    const { workbench } = test;
    await workbench.train("pauses.js");
    await expect(workbench.live).toSay("pauses.js completed after 40 steps.");
    const cut = copyOf("cut", (folder) => {
      for (const name of readdirSync(folder).filter((file) => file.endsWith(".arrow"))) {
        truncateSync(join(folder, name), Math.floor(statSync(join(folder, name)).size * 0.7) + 1);
      }
    });
    await openAndRead(cut, "pauses.js completed after");
    await expect(workbench.dashboard).toDraw("norm", 1);
  });

  it("is deleted while it is shown leaves a sentence, and the next one is drawn", async () => {
    const { workbench } = test;
    await workbench.train("short.js");
    await expect(workbench.live).toSay("short.js completed after 40 steps.");
    const shown = copyOf("shown", (folder, run) => {
      const still = { ...run, status: "running", process: { ...(run.process as object), id: process.pid } };
      writeFileSync(join(folder, "run.json"), JSON.stringify({ ...still, heartbeatAt: new Date().toISOString() }));
    });
    await workbench.command("layerscope.openRun", shown);
    await expect(workbench.dashboard).toDraw("norm", 40);
    rmSync(shown, { recursive: true });
    await expect(workbench.dashboard).toSay("is not there (deleted or moved).");
    await openAndRead(test.runs.newest().folder, "short.js completed after 40 steps.");
    await expect(workbench.dashboard).toDraw("norm", 40);
  });

  it("was written by clocks that are ahead and were set back shows no time that cannot be", async () => {
    const { workbench } = test;
    const folder = workbench.path("copies/clocks");
    const inAnHour = new Date(Date.now() + 3_600_000).toISOString();
    const run = newRunFile({
      id: "clocks",
      launch: null,
      parent: null,
      script: { path: workbench.path("clocks.js"), arguments: [], workingFolder: workbench.path() },
      startedAt: inAnHour,
      processId: process.pid,
      budget: "5",
    });
    const engine = { name: "embedded", reason: "", versions: {} } as const;
    const epoch = { current: 1, total: 6, stepsPerEpoch: 1000 };
    const writer = new RunWriter({
      folder,
      run: { ...run, engine, epoch, heartbeatAt: inAnHour },
      diskLimitBytes: 2 ** 30,
    });
    for (let step = 1; step <= 600; step++) {
      writer.append("steps", step, 0, { timeMs: step <= 570 ? 1e6 + 10 * step : 20 * step, loss: 1 / step });
    }
    writer.flush();
    await openAndRead(folder, "clocks.js is training");
    const frame = await workbench.dashboard.frame();
    const fact = (name: string) => frame.locator(`.fact-${name} dd`).innerText();
    await expect.poll(() => fact("step")).toBe("600");
    expect(await fact("elapsed")).toBe("0:00");
    expect(await fact("speed")).toBe("50 steps/s");
    expect(await fact("remaining")).toBe("about 1:48");
    expect(await frame.getByRole("progressbar").getAttribute("aria-valuenow")).toBe("10");
    writer.close({ status: "completed", exitCode: 0, endedAt: new Date().toISOString() });
  });

  it("has two hundred beside it is still found in the list", async () => {
    const { workbench, runs } = test;
    const { folder } = runs.newest();
    const before = runs.list().length;
    const run = JSON.parse(readFileSync(join(folder, "run.json"), "utf8"));
    for (let at = 0; at < copies; at++) {
      const copy = join(dirname(folder), `copy-${at}`);
      await cp(folder, copy, { recursive: true });
      await writeFile(join(copy, "run.json"), JSON.stringify({ ...run, id: `copy-${at}` }));
    }
    await workbench.command("layerscope.openRun", join(dirname(folder), `copy-${copies - 1}`));
    await expect(workbench.dashboard).toDraw("norm", 40);
    const frame = await workbench.dashboard.frame();
    const listed = () => frame.getByLabel("Show another run").locator("option").count();
    await expect.poll(listed, { timeout: 90_000 }).toBeGreaterThanOrEqual(before + copies);
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
