import { existsSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { RunHistory, widthFor } from "../../../src/run/runHistory.js";
import type { RunWriter } from "../../../src/run/runWriter.js";
import { tierFileName } from "../../../src/run/tiers/tierFile.js";
import { newWriter } from "./newRun.js";

const layers = 3;

function write(writer: RunWriter, from: number, to: number): void {
  for (let step = from; step <= to; step++) {
    writer.append("steps", step, 0, { loss: 1 / step });
    for (let layer = 0; layer < layers; layer++) {
      writer.append("batchNorm", step, layer, { batchMean: [step, 2 * step], meanShift: layer + Math.sin(step) });
      if (step % 50 === 0) writer.append("activations", step, layer, { mean: step, channelMean: [layer, step] });
    }
    if (step % 40 === 0) writer.flush();
  }
  writer.flush();
}

function readAll(history: RunHistory): number {
  let rows = 0;
  for (;;) {
    const poll = history.poll();
    for (const batch of poll.batches) rows += batch.length;
    if (!poll.more) return rows;
  }
}

describe("RunHistory", () => {
  const writer = newWriter();
  const length = 12_000;
  const whole = { from: 0, to: length };
  let history: RunHistory;

  beforeAll(() => {
    write(writer, 1, length);
    // Room for few buckets only, so that the tiers must be coarse.
    history = new RunHistory(writer.folder, 40_000);
    readAll(history);
  });

  it("gives at most the points asked for, with the extremes of all steps", () => {
    const points = history.seriesPoints("batchNorm", 1, "meanShift", whole, 100);
    expect(points.step.length).toBeLessThanOrEqual(100);
    expect(points.step.length).toBeGreaterThan(40);
    expect(Math.max(...points.max)).toBeCloseTo(2, 4);
    expect(Math.min(...points.min)).toBeCloseTo(0, 4);
  });

  it("gives one channel of a list: all of a short range, a sample of a long one, and says so", () => {
    const short = history.channelSeries("batchNorm", 1, "batchMean", 1, { from: 5000, to: 5009 }, 1);
    expect([...short.mean]).toEqual(Array.from({ length: 10 }, (_, at) => 2 * (5000 + at)));
    expect(short.isSample).toBe(false);
    const long = history.channelSeries("batchNorm", 1, "batchMean", 1, whole, 64);
    expect(long.isSample).toBe(true);
    expect(long.step.length).toBeGreaterThan(80);
    for (const [at, step] of long.step.entries()) {
      expect(long.min[at]).toBeGreaterThanOrEqual(2 * step);
      expect(long.max[at]).toBeLessThan(2 * (step + 64));
    }
    expect(history.channelSeries("batchNorm", 1, "batchMean", 2, whole, 64).step).toHaveLength(0);
  });

  it("has a picture of a long run before it is read, which agrees with what is read later", () => {
    const seen = new Map<string, number>();
    const early = new RunHistory(writer.folder, 40_000);
    expect(early.startPreview(({ table, length: rows }) => seen.set(table, (seen.get(table) ?? 0) + rows), 0)).toBe(
      true,
    );
    expect(seen.get("batchNorm")).toBeLessThan(layers * length * 0.4);
    const picture = early.series("batchNorm", 1, "batchMean", whole, 64);
    expect(picture.isSample).toBe(true);
    expect(picture.step[0]).toBe(0);
    expect(picture.step.at(-1)).toBe(Math.floor(length / 64) * 64);
    expect(picture.step.length).toBeGreaterThan(40);
    for (const [at, step] of picture.step.entries()) {
      expect(picture.min[at]).toBeGreaterThanOrEqual(1.5 * step);
      expect(picture.max[at]).toBeLessThan(1.5 * (step + 64));
    }
    // A short range is read from disk, and whole.
    const range = { from: 5000, to: 5099 };
    expect(early.series("batchNorm", 2, "meanShift", range, 1)).toEqual(
      history.series("batchNorm", 2, "meanShift", range, 1),
    );
    expect(early.channelsAt(1, 6000)).toEqual(history.channelsAt(1, 6000));
    readAll(early);
    expect(early.isPreview).toBe(false);
    expect(early.series("batchNorm", 1, "batchMean", whole, 64)).toEqual(
      history.series("batchNorm", 1, "batchMean", whole, 64),
    );
  });

  it("makes no picture of a short run", () => {
    expect(new RunHistory(writer.folder).startPreview(() => undefined)).toBe(false);
  });

  it("reads detail from disk where the overview is too coarse", () => {
    const range = { from: 5000, to: 5099 };
    const points = history.seriesPoints("batchNorm", 2, "meanShift", range, 200);
    expect(points.width).toBe(1);
    expect(Array.from(points.step)).toEqual(Array.from({ length: 100 }, (_, at) => 5000 + at));
    for (const [at, step] of points.step.entries()) expect(points.mean[at]).toBe(2 + Math.sin(step));
    expect(Array.from(history.seriesPoints("batchNorm", 0, "batchMean", range, 200).mean)).toEqual(
      Array.from({ length: 100 }, (_, at) => 1.5 * (5000 + at)),
    );
  });

  it("gives the same buckets from the overview and from the rows", () => {
    const width = widthFor(whole, 80);
    const fine = new RunHistory(writer.folder, 2 ** 27);
    readAll(fine);
    const a = history.series("steps", 0, "loss", whole, width);
    const b = fine.series("steps", 0, "loss", whole, width);
    expect(a.width).toBe(width);
    expect(b.width).toBe(width);
    expect(a.step).toEqual(b.step);
    expect(a.min).toEqual(b.min);
    expect(a.max).toEqual(b.max);
    for (const [at, mean] of a.mean.entries()) expect(mean).toBeCloseTo(b.mean[at] as number, 12);
  });

  it("gives the lists of a layer at a step, or the last before it", () => {
    expect(history.channelsAt(1, 777)).toEqual({
      step: 777,
      values: { batchMean: Float32Array.of(777, 1554), channelMean: Float32Array.of(1, 750) },
    });
    expect(history.channelsAt(1, 49).values).toEqual({ batchMean: Float32Array.of(49, 98) });
    expect(history.channelsAt(9, 100).values).toEqual({});
  });

  it("goes on from the tiers beside the run without reading it again", () => {
    expect(history.save({ seen: 7 }, 0)).toBe(true);
    const again = new RunHistory(writer.folder, 40_000);
    expect(again.restore()).toEqual({ seen: 7 });
    expect(readAll(again)).toBe(0);
    for (const name of ["meanShift", "batchMean"] as const) {
      expect(again.series("batchNorm", 2, name, whole, 512)).toEqual(history.series("batchNorm", 2, name, whole, 512));
    }
    expect(again.channelsAt(1, 777).step).toBe(777);

    write(writer, length + 1, length + 100);
    expect(readAll(again)).toBe(100 * (1 + layers) + 2 * layers);
    expect(readAll(history)).toBe(100 * (1 + layers) + 2 * layers);
    const longer = { from: 0, to: length + 100 };
    expect(again.series("steps", 0, "loss", longer, 512)).toEqual(history.series("steps", 0, "loss", longer, 512));
  });

  it("reads the run afresh where the tiers are damaged, cut off or gone", () => {
    const path = join(writer.folder, tierFileName);
    expect(history.save(null, 0)).toBe(true);
    truncateSync(path, statSync(path).size - 1);
    expect(new RunHistory(writer.folder).restore()).toBeUndefined();
    writeFileSync(path, "no tiers");
    expect(new RunHistory(writer.folder).restore()).toBeUndefined();
    rmSync(path);
    const afresh = new RunHistory(writer.folder);
    expect(afresh.restore()).toBeUndefined();
    expect(readAll(afresh)).toBeGreaterThan(length);
  });

  it("leaves a run alone that is read in a moment", () => {
    const afresh = new RunHistory(writer.folder);
    readAll(afresh);
    expect(afresh.save(null)).toBe(false);
    expect(existsSync(join(writer.folder, tierFileName))).toBe(false);
  });

  it("does without the cache where the folder cannot be written", () => {
    const gone = new RunHistory(join(writer.folder, "not-there"));
    expect(gone.save(null, 0)).toBe(false);
  });
});

describe("tiers beside a run whose old steps were thinned since", () => {
  it("keep the overview and read what is left as detail", { timeout: 30_000 }, () => {
    const writer = newWriter(undefined, 2 ** 20);
    write(writer, 1, 2000);
    const history = new RunHistory(writer.folder, 20_000);
    readAll(history);
    history.save(null, 0);
    write(writer, 2001, 6000);
    writer.close({});
    const again = new RunHistory(writer.folder, 20_000);
    again.restore();
    readAll(again);
    const overview = again.series("steps", 0, "loss", { from: 0, to: 6000 }, 512);
    expect(overview.max[0]).toBe(1);
    expect(overview.step.at(-1)).toBe(5632);
    const detail = again.series("steps", 0, "loss", { from: 1, to: 100 }, 1);
    expect(detail.step.length).toBeGreaterThan(0);
    expect(detail.step.length).toBeLessThan(100);
    expect(existsSync(join(writer.folder, "steps.1.arrow"))).toBe(false);
    expect(readdirSync(writer.folder).some((name) => name.endsWith(".tmp"))).toBe(false);
  });
});
