import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { RunLookout } from "../../../src/host/lookout/runLookout.js";
import { RunSession, type SessionHost } from "../../../src/host/session/runSession.js";
import type { SessionChange } from "../../../src/host/session/sessionView.js";
import { describeRun } from "../../../src/run/runDescription.js";
import { RunReader } from "../../../src/run/runReader.js";
import type { RunWriter } from "../../../src/run/runWriter.js";
import { tierFileName } from "../../../src/run/tiers/tierFile.js";
import { liveWriter, normLayer } from "../run/newRun.js";

let parent: string;
let folder: string;
let session: RunSession | undefined;
const problems: string[] = [];

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "layerscope-session-"));
  folder = join(parent, "run");
  problems.length = 0;
});
afterEach(() => {
  session?.dispose();
  session = undefined;
  rmSync(parent, { recursive: true, force: true });
});

function startRun(): RunWriter {
  const writer = liveWriter(folder);
  writer.flush();
  return writer;
}

function trainSteps(writer: RunWriter, from: number, to: number): void {
  for (let step = from; step <= to; step++) {
    writer.append("steps", step, 0, { timeMs: step * 10, loss: 1 / step });
    writer.append("activations", step, 0, {
      count: 8,
      mean: step,
      variance: 4,
      min: -1,
      max: 1,
      nanCount: 0,
      infCount: 0,
    });
  }
  writer.update({ steps: to });
  writer.flush();
}

/** Batches of two that are far from the running statistics, which hold NaN from step 120 on. */
function sickStep(writer: RunWriter, step: number): void {
  const value = Math.sin(step);
  writer.append("steps", step, 0, { timeMs: step * 10, loss: 1 / step });
  writer.append("activations", step, 0, { count: 4, mean: value, variance: 4, nanCount: 0, infCount: 0 });
  writer.append("batchNorm", step, 0, {
    valuesPerChannel: 2,
    passes: 1,
    meanShift: 3,
    logVarianceRatio: 2,
    warmup: 0.99 ** step,
    batchMean: [value, 1],
    batchVariance: [1, 2],
    runningMean: [step < 120 ? 0.9 * value : Number.NaN, 1],
    runningVariance: [1, 1],
    gamma: [1 + value, 1],
    beta: [value, 0],
  });
  writer.update({ steps: step });
}

function hostOf(options: Partial<SessionHost>): SessionHost {
  return {
    describe: (condition) => ({ sentence: condition, action: null }),
    log: (problem) => problems.push(problem),
    follow: (run, tell) => new RunLookout(run, {}, tell),
    ...options,
  };
}

function open(options: Partial<SessionHost> = {}): { session: RunSession; changes: SessionChange[] } {
  const changes: SessionChange[] = [];
  session = new RunSession(folder, hostOf(options));
  session.onDidChange((change) => changes.push(change));
  return { session, changes };
}

describe("RunSession", () => {
  it("follows a run from its first file to its end", () => {
    const writer = startRun();
    const { session: seen } = open();
    expect(seen.header()).toMatchObject({ state: "waiting", sentence: "noTensorFlow", loss: null });
    expect(seen.extent()).toEqual({ from: 0, to: -1 });

    writer.update({ engine: { name: "embedded", reason: "", versions: {} }, layers: [normLayer], layerSteps: [0] });
    writer.flush();
    seen.refresh();
    expect(seen.header()).toMatchObject({ state: "waiting", sentence: "noStep" });
    expect(seen.layers).toEqual([normLayer]);

    trainSteps(writer, 1, 20);
    seen.refresh();
    expect(seen.header()).toMatchObject({ state: "running", sentence: "running", loss: 0.05, stepsPerSecond: 100 });
    expect(seen.summaries.get(0)).toMatchObject({ step: 20, last: { mean: 20, variance: 4 }, severity: 0 });
    expect(seen.extent()).toEqual({ from: 1, to: 20 });
    const points = seen.series({ layer: 0, statistic: "mean" }, { from: 11, to: 20 }, 4);
    expect([...points.step]).toEqual([8, 12, 16, 20]);
    expect([...points.mean]).toEqual([9.5, 13.5, 17.5, 20]);
    // The newest value lies within a bucket: it has a point of its own beside it.
    const wide = seen.series({ layer: 0, statistic: "mean" }, { from: 1, to: 20 }, 16);
    expect([...wide.step]).toEqual([0, 16, 20]);
    expect([...wide.mean]).toEqual([8, 18, 20]);
    expect(wide.endsInNewest).toBe(true);
    expect([...seen.series({ layer: 0, statistic: "mean" }, { from: 1, to: 18 }, 16).step]).toEqual([0, 16]);

    writer.close({ status: "completed", exitCode: 0, endedAt: new Date().toISOString() });
    seen.refresh();
    expect(seen.header()).toMatchObject({ state: "completed", sentence: "completed" });
  });

  it("tells what changed, and only that", () => {
    const writer = startRun();
    writer.update({ engine: { name: "embedded", reason: "", versions: {} }, layers: [normLayer], layerSteps: [1] });
    trainSteps(writer, 1, 3);
    const { session: seen, changes } = open();
    seen.refresh();
    expect(changes).toEqual([]);
    trainSteps(writer, 4, 4);
    writer.appendEvent({ type: "epoch", epoch: 0, logs: { accuracy: 0.5 }, timeMs: 40, step: 4 });
    writer.flush();
    seen.refresh();
    expect(changes).toEqual([
      { header: true, layers: false, summaries: true, findings: false, epochs: true, rowsFrom: 4, reset: false },
    ]);
    expect(seen.epochs).toEqual([{ epoch: 0, step: 4, logs: { accuracy: 0.5 }, timeMs: 40 }]);
  });

  it("opens an ended run again from what it keeps beside it, with the same numbers", () => {
    const writer = startRun();
    writer.update({ engine: { name: "embedded", reason: "", versions: {} }, layers: [normLayer], layerSteps: [1] });
    trainSteps(writer, 1, 300);
    writer.append("activations", 301, 0, {
      count: 8,
      mean: Number.NaN,
      variance: Number.NaN,
      nanCount: 8,
      infCount: 0,
    });
    writer.close({ status: "failed", exitCode: 1, endedAt: new Date().toISOString() });
    const first = open({ longRunBytes: 0 }).session;
    const look = (seen: RunSession) => ({
      header: seen.header(),
      summaries: [...seen.summaries],
      findings: seen.findings,
      points: seen.series({ layer: 0, statistic: "mean" }, seen.extent(), 1),
    });
    const before = look(first);
    expect(before.summaries[0]?.[1].last.mean).toBeNaN();
    first.dispose();
    expect(existsSync(join(folder, tierFileName))).toBe(true);
    expect(look(open({ longRunBytes: 0 }).session)).toEqual(before);
  });

  it("opens a run that goes on again from what it kept when it was left, and finds the same", () => {
    const writer = startRun();
    writer.update({ engine: { name: "embedded", reason: "", versions: {} }, layers: [normLayer], layerSteps: [1] });
    trainSteps(writer, 1, 100);
    const first = open({ longRunBytes: 0 }).session;
    expect(first.header().isReading).toBe(false);
    first.dispose();
    expect(existsSync(join(folder, tierFileName))).toBe(true);
    // Whoever reads the old rows again finds them damaged.
    const file = join(folder, "activations.0.arrow");
    const bytes = readFileSync(file);
    const schemaEnd = 8 + bytes.readUInt32LE(4);
    const whole = Buffer.from(bytes);
    trainSteps(writer, 101, 120);
    writer.append("activations", 121, 0, { count: 8, mean: Number.NaN, nanCount: 8, infCount: 0 });
    writer.flush();
    const after = readFileSync(file);
    writeFileSync(file, Buffer.from(after).fill(0, schemaEnd, schemaEnd + 8), { flag: "r+" });
    const { session: again } = open({ longRunBytes: 0 });
    expect(again.header()).toMatchObject({ state: "running", loss: 1 / 120 });
    const points = again.series({ layer: 0, statistic: "mean" }, { from: 1, to: 120 }, 1);
    expect([...points.mean]).toEqual(Array.from({ length: 120 }, (_, at) => at + 1));
    expect(problems).toEqual([]);
    again.dispose();
    // The rules have seen none of it where the rows were damaged; with them whole they see all.
    writeFileSync(file, Buffer.concat([whole, after.subarray(whole.length)]), { flag: "r+" });
    const findings = open({ longRunBytes: 0 }).session.findings.map(({ id }) => id);
    expect(findings).toContain("nonfinite");
  });

  it("shows a long run at once, says that it is being read, and then has every number", {
    timeout: 60_000,
  }, async () => {
    const writer = startRun();
    writer.update({ engine: { name: "embedded", reason: "", versions: {} }, layers: [normLayer], layerSteps: [1] });
    const steps = 40_000;
    for (let from = 1; from <= steps; from += 100) trainSteps(writer, from, from + 99);
    writer.append("activations", steps + 1, 0, { count: 8, nanCount: 8 });
    writer.close({ status: "completed", exitCode: 0, endedAt: new Date().toISOString() });
    const whole = { from: 1, to: steps };
    const look = (seen: RunSession) => ({
      header: seen.header(),
      summaries: [...seen.summaries],
      findings: seen.findings,
      points: seen.series({ layer: 0, statistic: "mean" }, whole, 64),
    });
    const { session: seen, changes } = open({ longRunBytes: 0 });
    const early = look(seen);
    expect(early.header).toMatchObject({ state: "completed", isReading: true, loss: 1 / steps });
    expect(seen.extent()).toEqual(whole);
    expect(early.summaries[0]?.[1]).toMatchObject({ step: steps + 1, last: { mean: steps, nanCount: 8 } });
    expect(early.points.isSample).toBe(true);
    for (const [at, step] of early.points.step.entries()) {
      expect(early.points.min[at]).toBeGreaterThanOrEqual(step);
      expect(early.points.max[at]).toBeLessThan(step + 64);
    }
    await expect.poll(() => seen.header().isReading, { timeout: 20_000 }).toBe(false);
    // Nothing of the old rows was told as new on the way.
    expect(changes.map(({ rowsFrom }) => rowsFrom).filter(Number.isFinite)).toHaveLength(1);
    expect(changes.filter(({ reset }) => reset)).toHaveLength(1);
    await expect.poll(() => seen.findings.length, { timeout: 20_000 }).toBeGreaterThan(0);
    const late = look(seen);
    seen.dispose();
    rmSync(join(folder, tierFileName));
    const { session: plain } = open({ longRunBytes: Number.POSITIVE_INFINITY });
    await expect.poll(() => look(plain), { timeout: 20_000 }).toEqual(late);
    expect(late.findings.map(({ id }) => id)).toContain("nonfinite");
    expect(late.points.step.length).toBeGreaterThan(5 * early.points.step.length);
  });

  it("says in one sentence what is wrong with a folder, and goes on when the run is deleted", () => {
    folder = join(parent, "nothing");
    expect(open().session.header()).toMatchObject({
      state: "none",
      sentence: expect.stringContaining("nothing"),
      run: null,
    });
    session?.dispose();
    folder = join(parent, "run");
    const writer = startRun();
    const { session: seen } = open();
    expect(seen.header().state).toBe("waiting");
    writer.close({ status: "completed" });
    rmSync(folder, { recursive: true });
    seen.refresh();
    expect(seen.header()).toMatchObject({ state: "none", run: null });
    expect(seen.header().sentence).toContain(folder);
    expect(problems).toHaveLength(2);
  });

  it("logs once what of a run is damaged, and shows the rest", () => {
    const writer = startRun();
    trainSteps(writer, 1, 3);
    writer.close({ status: "completed" });
    const file = join(folder, "activations.0.arrow");
    const bytes = readFileSync(file);
    const schemaEnd = 8 + bytes.readUInt32LE(4);
    writeFileSync(file, bytes.fill(0, schemaEnd, schemaEnd + 8));
    const { session: seen } = open();
    seen.refresh();
    expect(seen.steps).toBe(3);
    expect(problems).toEqual([
      `activations.0.arrow is damaged at byte ${schemaEnd}: what lies behind that is not read.`,
    ]);
  });

  it("refuses a run of a newer format", () => {
    startRun().close({ status: "completed" });
    writeFileSync(join(folder, "run.json"), JSON.stringify({ format: 99, id: "x", startedAt: "2030-01-01T00:00:00Z" }));
    expect(open().session.header().sentence).toMatch(/format 99/);
  });

  it("tells the speed of the steps after a clock was set back", () => {
    const writer = startRun();
    for (let step = 1; step <= 60; step++) {
      const timeMs = step <= 30 ? 1e6 + 10 * step : 20 * step;
      writer.append("steps", step, 0, { timeMs, loss: 1 / step });
    }
    writer.flush();
    expect(open().session.header()).toMatchObject({ state: "running", stepsPerSecond: 50 });
  });

  it("reads by itself, as often as whoever looks wants it", () => {
    vi.useFakeTimers();
    try {
      const writer = startRun();
      const { session: seen, changes } = open();
      trainSteps(writer, 1, 2);
      vi.advanceTimersByTime(1500);
      expect(seen.steps).toBe(0);
      vi.advanceTimersByTime(500);
      expect(seen.steps).toBe(2);
      const glance = seen.watch(1000);
      trainSteps(writer, 3, 4);
      vi.advanceTimersByTime(900);
      expect(seen.steps).toBe(2);
      vi.advanceTimersByTime(100);
      expect(seen.steps).toBe(4);
      const watch = seen.watch();
      trainSteps(writer, 5, 6);
      vi.advanceTimersByTime(100);
      expect(seen.steps).toBe(6);
      expect(changes.length).toBeGreaterThan(1);
      watch.dispose();
      glance.dispose();
    } finally {
      vi.useRealTimers();
    }
  });

  it("tells, where nobody looks, steps, loss and layers by what its lookout has seen, and reads no rows", () => {
    vi.useFakeTimers();
    try {
      const writer = startRun();
      const { session: seen, changes } = open();
      writer.update({ engine: { name: "embedded", reason: "", versions: {} }, layers: [normLayer], layerSteps: [0] });
      writer.flush();
      vi.advanceTimersByTime(2000);
      expect(seen.header()).toMatchObject({ state: "waiting", sentence: "noStep" });
      expect(seen.layers).toEqual([normLayer]);
      trainSteps(writer, 1, 10);
      changes.length = 0;
      vi.advanceTimersByTime(2000);
      expect(seen.header()).toMatchObject({ state: "running", loss: 0.1, stepsPerSecond: 100 });
      expect(seen.steps).toBe(10);
      expect(changes).toHaveLength(1);
      expect(changes[0]).toMatchObject({ header: true, summaries: false, rowsFrom: Number.POSITIVE_INFINITY });
      expect(seen.summaries.size).toBe(0);
      for (let times = 0; times < 30; times++) {
        writer.update({ heartbeatAt: new Date().toISOString() });
        writer.flush();
        vi.advanceTimersByTime(2000);
      }
      expect(seen.summaries.get(0)).toMatchObject({ step: 10, last: { mean: 10 } });
      expect(seen.header().state).toBe("stalled");

      trainSteps(writer, 11, 20);
      writer.close({ status: "completed", exitCode: 0, endedAt: new Date().toISOString() });
      vi.advanceTimersByTime(2000);
      expect(seen.header()).toMatchObject({ state: "completed", loss: 0.05 });
      expect(seen.summaries.get(0)?.step).toBe(20);
      const points = seen.series({ layer: 0, statistic: "mean" }, { from: 1, to: 20 }, 1);
      expect([...points.mean]).toEqual(Array.from({ length: 20 }, (_, at) => at + 1));
    } finally {
      vi.useRealTimers();
    }
  });

  it("notices, where nobody looks, that the run was deleted, and says so once", () => {
    vi.useFakeTimers();
    try {
      const writer = startRun();
      const { session: seen, changes } = open();
      trainSteps(writer, 1, 10);
      vi.advanceTimersByTime(2000);
      expect(seen.header().state).not.toBe("none");
      rmSync(folder, { recursive: true });
      changes.length = 0;
      vi.advanceTimersByTime(120_000);
      expect(seen.header()).toMatchObject({ state: "none", run: null });
      expect(changes).toHaveLength(1);
      expect(problems).toHaveLength(1);
    } finally {
      vi.useRealTimers();
    }
  });

  it("finds, where nobody looks, what it finds for a view and what `show` tells, within two looks", () => {
    vi.useFakeTimers();
    try {
      const writer = startRun();
      writer.update({ engine: { name: "embedded", reason: "", versions: {} }, layers: [normLayer], layerSteps: [0] });
      writer.flush();
      const hidden = open().session;
      const watched = new RunSession(folder, hostOf({}));
      const watch = watched.watch();
      for (let step = 1; step <= 150; step++) {
        sickStep(writer, step);
        writer.flush();
        vi.advanceTimersByTime(100);
      }
      vi.advanceTimersByTime(4000);
      expect(hidden.findings.map(({ id }) => id)).toEqual(expect.arrayContaining(["bn-small-batch", "bn-nonfinite"]));
      expect(hidden.findings).toEqual(watched.findings);
      expect(hidden.summaries).not.toEqual(watched.summaries);
      const look = hidden.watch();
      expect(hidden.summaries).toEqual(watched.summaries);
      look.dispose();

      writer.close({ status: "completed", exitCode: 0, endedAt: new Date().toISOString() });
      vi.advanceTimersByTime(4000);
      expect(hidden.findings).toEqual(watched.findings);
      const shown = describeRun(new RunReader(folder)).findings;
      expect(hidden.findings.map(({ layer, ...rest }) => rest)).toEqual(shown.map(({ layer, ...rest }) => rest));
      watch.dispose();
      watched.dispose();
    } finally {
      vi.useRealTimers();
    }
  });
});
