import { describe, expect, it } from "vitest";
import { progress, type RunSight, runCondition } from "../../../src/host/session/runState.js";
import type { RunFile } from "../../../src/run/format.js";
import { newRunFile } from "../../../src/run/runFile.js";

const startedAt = "2026-01-01T00:00:00.000Z";
const startMs = Date.parse(startedAt);

function run(patch: Partial<RunFile> = {}): RunFile {
  const script = { path: "/w/train.js", arguments: [], workingFolder: "/w" };
  const made = newRunFile({ id: "a", launch: null, parent: null, script, startedAt, processId: 1, budget: "5" });
  return { ...made, ...patch };
}

const engine = { name: "embedded", reason: "", versions: {} };

function sight(patch: Partial<RunSight>): RunSight {
  return {
    run: run({ engine }),
    status: "running",
    steps: 10,
    lastStepAtMs: startMs,
    medianStepMs: 100,
    nowMs: startMs,
    ...patch,
  };
}

describe("runCondition", () => {
  it.each<[string, Partial<RunSight>, string]>([
    ["before TensorFlow.js is loaded", { run: run(), steps: 0 }, "noTensorFlow"],
    ["before the first step", { steps: 0 }, "noStep"],
    ["waits as long as it takes for the first step", { steps: 0, nowMs: startMs + 1e6 }, "noStep"],
    ["training", {}, "running"],
    ["no step for just ten seconds", { nowMs: startMs + 10_000 }, "running"],
    ["no step for longer", { nowMs: startMs + 10_001 }, "stalled"],
    ["slow steps are given five of them", { medianStepMs: 4000, nowMs: startMs + 20_000 }, "running"],
    ["but not more", { medianStepMs: 4000, nowMs: startMs + 20_001 }, "stalled"],
    ["an unknown step time", { medianStepMs: null, nowMs: startMs + 10_001 }, "stalled"],
    ["completed", { status: "completed" }, "completed"],
    ["ended without loading", { status: "completed", run: run(), steps: 0 }, "neverLoaded"],
    ["loaded and never trained", { status: "completed", steps: 0 }, "neverTrained"],
    ["failed", { status: "failed", steps: 0 }, "failed"],
    ["stopped", { status: "stopped" }, "stopped"],
    ["interrupted", { status: "interrupted" }, "interrupted"],
  ])("%s", (_, patch, expected) => {
    expect(runCondition(sight(patch))).toBe(expected);
  });
});

describe("progress", () => {
  const epoch = { current: 1, total: 4, stepsPerEpoch: 50 };

  it("tells speed and what is left while fit tells the epochs", () => {
    const seen = sight({ run: run({ engine, epoch }), steps: 100, nowMs: startMs + 5000 });
    expect(progress(seen, [0, 50, 100])).toEqual({ elapsedMs: 5000, stepsPerSecond: 20, remainingMs: 5000 });
  });

  it("tells no remaining time for a second fit, without epochs, or after the end", () => {
    const later = sight({ run: run({ engine, epoch }), steps: 201 });
    expect(progress(later, [0, 50]).remainingMs).toBeNull();
    expect(progress(sight({}), [0, 50]).remainingMs).toBeNull();
    const ended = sight({ status: "completed", run: run({ engine, epoch, endedAt: startedAt }), steps: 100 });
    expect(progress(ended, [0, 50]).remainingMs).toBeNull();
  });

  it("counts to the end, or to the last sign of life of a process that was killed", () => {
    const endedAt = "2026-01-01T00:01:00.000Z";
    expect(progress(sight({ status: "completed", run: run({ endedAt }) }), []).elapsedMs).toBe(60_000);
    const killed = sight({ status: "interrupted", run: run({ heartbeatAt: endedAt }), nowMs: startMs + 1e9 });
    expect(progress(killed, []).elapsedMs).toBe(60_000);
  });

  it("has no speed from one step, or from a clock that stands or goes backwards", () => {
    for (const times of [[], [5], [5, 5], [9, 3]]) expect(progress(sight({}), times).stepsPerSecond).toBeNull();
    const backwards = sight({ nowMs: startMs - 1000 });
    expect(progress(backwards, []).elapsedMs).toBe(0);
  });
});
