import { copyFileSync, mkdirSync, readFileSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { tableFromIPC } from "apache-arrow";
import { describe, expect, it } from "vitest";
import { RunReader, rowsOf } from "../../../src/run/runReader.js";
import type { Row } from "../../../src/stats/catalogue.js";
import { newFolder, newWriter } from "./newRun.js";

/** Plain arrays, so that rows written and read can be compared. Lists are stored as float32. */
function plain(row: Row): Record<string, number | number[]> {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      typeof value === "number" ? value : Array.from(value as ArrayLike<number>),
    ]),
  );
}

const awkwardRows: Row[] = [
  {},
  { mean: 1, variance: 0.5 },
  { mean: Number.NaN, min: Number.NEGATIVE_INFINITY, max: Number.POSITIVE_INFINITY, count: 2 ** 40 },
  { channelMean: [1, 2, 3], histogram: [] },
  { mean: 5e-324, channelMean: [Number.NaN, 0.5], inputChannelMean: [0.25] },
  { p50: -1e30 },
];

describe("run folder", () => {
  it("gives back every row as it was written", () => {
    const writer = newWriter();
    for (const [step, row] of awkwardRows.entries()) writer.append("activations", step, step % 3, row);
    writer.append("steps", 5, 0, { loss: 0.25, timeMs: 12 });
    writer.flush();
    const { batches, run } = new RunReader(writer.folder).poll();
    const rows = [...rowsOf(batches)];
    expect(rows.filter(({ table }) => table === "activations").map(({ row }) => plain(row))).toEqual(
      awkwardRows.map(plain),
    );
    expect(rows.map(({ step, series }) => [step, series])).toContainEqual([4, 1]);
    expect(rows.find(({ table }) => table === "steps")?.row).toEqual({ loss: 0.25, timeMs: 12 });
    expect(run.id).toBe("a-run");
  });

  it("is read by apache-arrow with the same values and nulls", () => {
    const writer = newWriter();
    for (const [step, row] of awkwardRows.entries()) writer.append("activations", step, 0, row);
    writer.flush();
    writer.append("activations", 100, 0, { mean: 3, channelMean: [9] });
    writer.close({});
    const table = tableFromIPC(readFileSync(join(writer.folder, "activations.0.arrow")));
    expect(table.numRows).toBe(7);
    expect(Array.from(table.getChild("mean") ?? [])).toEqual([null, 1, Number.NaN, null, 5e-324, null, 3]);
    expect(Array.from(table.getChild("step")?.toArray() ?? [])).toEqual([0, 1, 2, 3, 4, 5, 100]);
    expect(Array.from(table.getChild("channelMean") ?? []).map((list) => (list ? Array.from(list) : null))).toEqual([
      null,
      null,
      null,
      [1, 2, 3],
      [Number.NaN, 0.5],
      null,
      [9],
    ]);
  });

  it("gives each poll only what is new", () => {
    const writer = newWriter();
    writer.flush();
    const reader = new RunReader(writer.folder);
    const seen: number[] = [];
    for (let step = 1; step <= 5; step++) {
      writer.append("steps", step, 0, { loss: step });
      writer.appendEvent({ type: "note", message: `at ${step}`, timeMs: 0, step });
      writer.flush();
      const { batches, events } = reader.poll();
      seen.push(...[...rowsOf(batches)].map((row) => row.step));
      expect(events.map((event) => event.step)).toEqual([step]);
    }
    expect(seen).toEqual([1, 2, 3, 4, 5]);
    expect(reader.poll().batches).toEqual([]);
  });

  it("reads whole batches of a stream that is torn at any byte", () => {
    const writer = newWriter();
    const ends: number[] = [];
    for (let step = 1; step <= 3; step++) {
      for (let layer = 0; layer < 3; layer++) writer.append("batchNorm", step, layer, { batchMean: [step, layer] });
      writer.flush();
      ends.push(readFileSync(join(writer.folder, "batchNorm.0.arrow")).length);
    }
    const torn = newFolder();
    mkdirSync(torn, { recursive: true });
    const path = join(torn, "batchNorm.0.arrow");
    copyFileSync(join(writer.folder, "run.json"), join(torn, "run.json"));
    copyFileSync(join(writer.folder, "batchNorm.0.arrow"), path);
    for (let length = ends[2] ?? 0; length >= 0; length -= length % 7 === 0 ? 13 : 1) {
      truncateSync(path, length);
      const { batches } = new RunReader(torn).poll();
      expect(batches.length).toBe(ends.filter((end) => end <= length).length);
    }
  });

  it("goes on where a torn tail is completed", () => {
    const writer = newWriter();
    writer.append("steps", 1, 0, { loss: 1 });
    writer.flush();
    writer.append("steps", 2, 0, { loss: 2 });
    writer.flush();
    const torn = newFolder();
    mkdirSync(torn, { recursive: true });
    const source = join(writer.folder, "steps.0.arrow");
    const target = join(torn, "steps.0.arrow");
    copyFileSync(join(writer.folder, "run.json"), join(torn, "run.json"));
    copyFileSync(source, target);
    truncateSync(target, readFileSync(source).length - 5);
    const reader = new RunReader(torn);
    expect([...rowsOf(reader.poll().batches)].map(({ step }) => step)).toEqual([1]);
    copyFileSync(source, target);
    expect([...rowsOf(reader.poll().batches)].map(({ step }) => step)).toEqual([2]);
  });
});
