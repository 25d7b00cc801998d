import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Emitter } from "../../../src/host/emitter.js";
import { RunLookout } from "../../../src/host/lookout/runLookout.js";
import { axisMap } from "../../../src/host/session/axisMap.js";
import { Comparison, type RunSource } from "../../../src/host/session/comparison.js";
import { argumentFacts } from "../../../src/host/session/runDifferences.js";
import { RunSession, type SessionHost } from "../../../src/host/session/runSession.js";
import type { SessionChange, SessionView } from "../../../src/host/session/sessionView.js";
import { SeriesFeed } from "../../../src/host/views/seriesFeed.js";
import type { SeriesMessage, SubscribeMessage, ToView } from "../../../src/protocol/views.js";
import type { LayerInfo } from "../../../src/run/format.js";
import { newRunFile } from "../../../src/run/runFile.js";
import { RunWriter } from "../../../src/run/runWriter.js";

let parent: string;
const sessions: RunSession[] = [];
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "layerscope-compare-"));
});
afterEach(() => {
  for (const session of sessions.splice(0)) session.dispose();
  rmSync(parent, { recursive: true, force: true });
});

interface Made {
  readonly steps: number;
  /** Steps between two epochs; 0: none. */
  readonly epoch?: number;
  readonly msPerStep?: number;
  readonly layers?: readonly Pick<LayerInfo, "name" | "path" | "config">[];
  readonly args?: readonly string[];
  readonly mean?: (step: number) => number;
}

const normOnly = [{ name: "norm", path: "m/norm", config: { momentum: 0.99 } }];

function makeRun(id: string, { steps, epoch = 0, msPerStep = 10, layers = normOnly, args = [], mean }: Made): string {
  const folder = join(parent, id);
  const script = { path: "/w/train.js", arguments: args, workingFolder: "/w" };
  const start = { id, launch: null, parent: null, script, startedAt: "2026-11-21T10:00:00.000Z", budget: "5" };
  const writer = new RunWriter({ folder, run: newRunFile({ ...start, processId: 1 }), diskLimitBytes: 2 ** 30 });
  const infos = layers.map((layer, index): LayerInfo => {
    const shapes = { inputShape: [null, 2], outputShape: [null, 2], inbound: [], isOutput: false, weights: [] };
    return { ...layer, ...shapes, index, className: "BatchNormalization", model: "m", call: 1, source: null };
  });
  writer.update({ layers: infos, layerSteps: infos.map(() => steps) });
  for (let step = 1; step <= steps; step++) {
    writer.append("steps", step, 0, { timeMs: step * msPerStep, loss: 1 / step, learningRate: 0.5, batchSize: 32 });
    for (const { index } of infos) {
      writer.append("activations", step, index, { mean: mean?.(step) ?? step * 10 + index, variance: 1 });
    }
    if (epoch > 0 && step % epoch === 0) {
      writer.appendEvent({ type: "epoch", epoch: step / epoch - 1, logs: {}, timeMs: step * msPerStep, step });
    }
  }
  writer.close({ status: "completed", exitCode: 0, steps });
  return folder;
}

function open(folder: string): RunSession {
  const host: SessionHost = {
    describe: () => ({ sentence: "", action: null }),
    log: () => undefined,
    follow: (run, tell) => new RunLookout(run, {}, tell),
  };
  const session = new RunSession(folder, host);
  session.refresh();
  sessions.push(session);
  return session;
}

class Source implements RunSource {
  current: SessionView | null = null;
  private readonly other = new Emitter<SessionView | null>();
  private readonly changed = new Emitter<SessionChange>();
  readonly onDidChangeCurrent = this.other.event;
  readonly onDidChange = this.changed.event;
  readonly beside = open;

  open(folder: string): SessionView {
    if (this.current?.folder === folder) return this.current;
    this.current = open(folder);
    this.other.fire(this.current);
    return this.current;
  }
}

function memory() {
  const kept = new Map<string, readonly string[]>();
  return {
    get: (key: string, fallback: readonly string[]) => kept.get(key) ?? fallback,
    update: (key: string, folders: readonly string[]) => kept.set(key, folders),
  };
}

function subscribed(all: readonly SessionView[], subscription: Omit<SubscribeMessage, "type" | "points">) {
  const sent: SeriesMessage[] = [];
  const feed = new SeriesFeed((message: ToView) => message.type === "series" && sent.push(message));
  feed.subscribe({ type: "subscribe", points: 600, ...subscription });
  for (const run of all.keys()) feed.sendCompared(all, run, true);
  return sent.flatMap(({ data }) => data);
}

describe("a comparison", () => {
  it("shows the first run, reads the others, and ends when another run is shown", () => {
    const [a, b, c] = ["a", "b", "c"].map((id) => makeRun(id, { steps: 5 })) as [string, string, string];
    const source = new Source();
    const kept = memory();
    const comparison = new Comparison(source, kept);
    comparison.compare([a, b, b, c]);
    expect(source.current?.folder).toBe(a);
    expect(comparison.message().runs.map(({ id }) => id)).toEqual(["a", "b", "c"]);
    expect(new Set(comparison.message().runs.map(({ name }) => name)).size).toBe(3);

    const again = new Comparison(source, kept);
    again.restore();
    expect(again.sessions).toHaveLength(3);

    source.open(b);
    expect(comparison.isOn).toBe(false);
    expect(comparison.message()).toEqual({ type: "compare", runs: [], differences: [], distances: [] });
    comparison.dispose();
  });

  it("finds a layer by its path, else by its name, and tells which run lacks it", () => {
    const norm = { name: "norm", path: "m/norm", config: {} };
    const extra = { name: "extra", path: "m/extra", config: {} };
    const renamed = { name: "norm", path: "other_model/norm", config: {} };
    const a = makeRun("a", { steps: 3, layers: [extra, norm] });
    const b = makeRun("b", { steps: 3, layers: [renamed] });
    const comparison = new Comparison(new Source(), memory());
    comparison.compare([a, b]);
    expect(comparison.message().runs.map(({ missingLayers }) => missingLayers)).toEqual([[], [0]]);
    const series = [0, 1].flatMap((run) => [0, 1].map((layer) => ({ layer, statistic: "mean" as const, run })));
    const found = subscribed(comparison.sessions, { series, range: null });
    expect(found.map(({ key, mean }) => [key.run, key.layer, [...mean]])).toEqual([
      [0, 0, [10, 20, 30]],
      [0, 1, [11, 21, 31]],
      [1, 0, []],
      [1, 1, [10, 20, 30]],
    ]);
    comparison.dispose();
  });

  it("aligns by step, epoch and time", () => {
    const a = makeRun("a", { steps: 8, epoch: 4, msPerStep: 10 });
    const b = makeRun("b", { steps: 4, epoch: 2, msPerStep: 30 });
    const comparison = new Comparison(new Source(), memory());
    comparison.compare([a, b]);
    const series = [0, 1].map((run) => ({ layer: 0, statistic: "mean" as const, run }));
    const places = (axis: "step" | "epoch" | "time", range: SubscribeMessage["range"] = null) =>
      subscribed(comparison.sessions, { series, range, axis }).map(({ step }) => [...step]);
    expect(places("step")).toEqual([
      [1, 2, 3, 4, 5, 6, 7, 8],
      [1, 2, 3, 4],
    ]);
    expect(places("epoch")).toEqual([
      [250, 500, 750, 1000, 1250, 1500, 1750, 2000],
      [500, 1000, 1500, 2000],
    ]);
    expect(places("time")).toEqual([
      [10, 20, 30, 40, 50, 60, 70, 80],
      [30, 60, 90, 120],
    ]);
    // A range is in the unit of the axis.
    expect(places("epoch", { from: 1500, to: 2000 })).toEqual([
      [1500, 1750, 2000],
      [1500, 2000],
    ]);
    expect(comparison.message().runs.map(({ end }) => end)).toEqual([
      { step: 8, epoch: 2000, time: 80 },
      { step: 4, epoch: 2000, time: 120 },
    ]);
    comparison.dispose();
  });

  it("has no epoch axis for a run without epochs, and survives clocks that go backwards", () => {
    const session = open(makeRun("a", { steps: 6 }));
    expect(axisMap(session, "epoch")).toBeNull();
    const backwards = open(makeRun("b", { steps: 6, msPerStep: -10 }));
    expect(axisMap(backwards, "time")).toBeNull();
  });

  it("gives points of runs of different length the same width", () => {
    const a = makeRun("a", { steps: 4000 });
    const b = makeRun("b", { steps: 500 });
    const comparison = new Comparison(new Source(), memory());
    comparison.compare([a, b]);
    const series = [0, 1].map((run) => ({ layer: 0, statistic: "mean" as const, run }));
    const widths = subscribed(comparison.sessions, { series, range: null }).map(
      ({ step }) => (step[2] as number) - (step[1] as number),
    );
    expect(widths).toEqual([8, 8]);
    comparison.dispose();
  });

  it("lists differing arguments and configuration, and nothing that is the same", () => {
    const a = makeRun("a", { steps: 2, args: ["--rate", "0.1", "data"] });
    const layers = [{ ...(normOnly[0] as (typeof normOnly)[0]), config: { momentum: 0.5 } }];
    const b = makeRun("b", { steps: 2, args: ["--rate=0.2", "data"], layers });
    const comparison = new Comparison(new Source(), memory());
    comparison.compare([a, b]);
    expect(comparison.message().differences).toEqual([
      { layer: null, name: "--rate", values: ["0.1", "0.2"] },
      { layer: "m/norm", name: "momentum", values: ["0.99", "0.5"] },
    ]);
    comparison.dispose();
  });
});

describe("arguments", () => {
  it("go by name where they have one, else by place", () => {
    expect(argumentFacts(["--rate", "-1", "--deep", "--name=x=y", "in.csv", "-e", "3", "out"])).toEqual([
      ["--rate", "-1"],
      ["--deep", "✓"],
      ["--name", "x=y"],
      ["#1", "in.csv"],
      ["-e", "3"],
      ["#2", "out"],
    ]);
  });
});
