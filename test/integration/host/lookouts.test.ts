import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Lookouts } from "../../../src/host/lookout/lookouts.js";
import type { LookoutNews } from "../../../src/protocol/lookout.js";
import { describeRun } from "../../../src/run/runDescription.js";
import { RunReader } from "../../../src/run/runReader.js";
import type { RunWriter } from "../../../src/run/runWriter.js";
import { liveWriter, normLayer } from "../../unit/run/newRun.js";

const bundle = resolve(process.env.LAYERSCOPE_DIST ?? "dist", "lookout.cjs");
const patient = { timeout: 30_000 };

let parent: string;
let lookouts: Lookouts | undefined;
const problems: string[] = [];

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "layerscope-lookout-"));
  problems.length = 0;
});
afterEach(() => {
  lookouts?.dispose();
  rmSync(parent, { recursive: true, force: true });
});

function startRun(name: string): RunWriter {
  const writer = liveWriter(join(parent, name), { id: name });
  writer.update({ engine: { name: "embedded", reason: "", versions: {} }, layers: [normLayer], layerSteps: [0] });
  writer.flush();
  return writer;
}

function train(writer: RunWriter, from: number, to: number): void {
  for (let step = from; step <= to; step++) {
    writer.append("steps", step, 0, { timeMs: step * 10, loss: 1 / step });
    writer.append("batchNorm", step, 0, {
      valuesPerChannel: 2,
      passes: 1,
      batchMean: [0, 1],
      batchVariance: [1, 2],
      runningMean: [0, 1],
      runningVariance: [1, 1],
      gamma: [1, 1],
      beta: [0, 0],
    });
  }
  writer.update({ steps: to });
  writer.flush();
}

function start(file = bundle): Lookouts {
  lookouts = new Lookouts(file, (problem) => problems.push(problem));
  return lookouts;
}

describe("lookouts", () => {
  it.each([
    ["in a thread", bundle, 0],
    ["here where the thread does not start", join(tmpdir(), "layerscope-no-such-bundle.cjs"), 1],
  ])("tell %s what `show` tells, for several runs, to their ends", patient, async (_, file, told) => {
    const writers = ["a", "b"].map(startRun);
    const news = new Map<string, LookoutNews[]>();
    const all = start(file);
    const followed = writers.map(({ folder }) => {
      const heard: LookoutNews[] = [];
      news.set(folder, heard);
      return all.follow(folder, {}, (each) => heard.push(each));
    });
    for (const each of followed) each.look();
    for (const [at, writer] of writers.entries()) {
      const heard = () => news.get(writer.folder)?.at(-1);
      await expect.poll(heard, patient).toMatchObject({ type: "seen", status: "running", isEnd: false });
      train(writer, 1, 30 + at);
      await expect.poll(heard, patient).toMatchObject({ clock: { steps: 30 + at, loss: 1 / (30 + at) } });
      writer.close({ status: "completed", exitCode: 0, endedAt: new Date().toISOString() });
      followed[at]?.look();
      await expect
        .poll(heard, patient)
        .toMatchObject({ status: "completed", isEnd: true, facts: { id: writer.current.id } });
      const findings = news.get(writer.folder)?.flatMap((each) => (each.type === "seen" && each.findings) || []);
      const shown = describeRun(new RunReader(writer.folder)).findings;
      expect(shown.map(({ id }) => id)).toContain("bn-small-batch");
      expect(new Set(findings?.map(({ id }) => id))).toEqual(new Set(shown.map(({ id }) => id)));
      const layers = news.get(writer.folder)?.filter((each) => each.type === "seen" && each.hasNewLayers);
      expect(layers).toHaveLength(1);
    }
    expect(problems).toHaveLength(told);
  });

  it("tell nothing after they were let go, and what is wrong with a folder that is no run", patient, async () => {
    const writer = startRun("left");
    const all = start();
    const left: LookoutNews[] = [];
    const none: LookoutNews[] = [];
    const lookout = all.follow(writer.folder, {}, (each) => left.push(each));
    const other = all.follow(join(parent, "none"), {}, (each) => none.push(each));
    lookout.look();
    await expect.poll(() => left.length, patient).toBe(1);
    lookout.dispose();
    train(writer, 1, 3);
    lookout.look();
    other.look();
    await expect.poll(() => none.length, patient).toBeGreaterThan(0);
    expect(none[0]).toMatchObject({ type: "unreadable", message: expect.stringContaining("none") });
    expect(left).toHaveLength(1);
    other.dispose();
    // All were let go, so the thread has ended: another one follows the next.
    const again: LookoutNews[] = [];
    all.follow(writer.folder, {}, (each) => again.push(each)).look();
    await expect.poll(() => again.at(-1), patient).toMatchObject({ type: "seen", clock: { steps: 3 } });
    expect(problems).toEqual([]);
  });
});
