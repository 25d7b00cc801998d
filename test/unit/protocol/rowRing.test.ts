import { describe, expect, it } from "vitest";
import { decodeRows, encodedLength, encodeRow } from "../../../src/protocol/recording.js";
import { RowRing } from "../../../src/protocol/rowRing.js";
import type { Row } from "../../../src/stats/catalogue.js";

const capacity = 256;

function bothEnds(): { writer: RowRing; reader: RowRing } {
  const memory = RowRing.memory(capacity);
  return { writer: new RowRing(memory), reader: new RowRing(memory) };
}

function put(ring: RowRing, step: number, row: Row): boolean {
  const at = ring.reserve(encodedLength("batchNorm", row));
  if (at === null) return false;
  ring.commit(encodeRow(ring.values, at, "batchNorm", step, 3, row));
  return true;
}

function takeAll(ring: RowRing): { step: number; series: number; mean: number[] }[] {
  const rows: { step: number; series: number; mean: number[] }[] = [];
  ring.drain(ring.written, (values) => {
    for (const { step, series, row } of decodeRows(values)) {
      rows.push({ step, series, mean: Array.from(row.batchMean ?? []) });
    }
  });
  return rows;
}

describe("a ring of rows", () => {
  it("gives back what was put in, in order, over many turns and lengths", () => {
    const { writer, reader } = bothEnds();
    let step = 0;
    let taken = 0;
    for (let turn = 0; turn < 2000; turn++) {
      const mean = () => Array.from({ length: (step * 7) % 40 }, (_, at) => step + at / 64);
      while (put(writer, step, { batchMean: mean(), passes: step })) step++;
      for (const row of takeAll(reader)) {
        const wanted = Array.from({ length: (taken * 7) % 40 }, (_, at) => taken + at / 64);
        expect(row).toEqual({ step: taken, series: 3, mean: wanted });
        taken++;
      }
      expect(taken).toBe(step);
      expect(reader.waiting).toBe(0);
    }
    expect(step).toBeGreaterThan(5000);
  });

  it("has no room for what the reader has not taken, and none ever for a row longer than itself", () => {
    const { writer, reader } = bothEnds();
    let rows = 0;
    while (put(writer, rows, { batchMean: [1, 2, 3] })) rows++;
    expect(rows).toBeGreaterThan(3);
    expect(writer.waiting).toBeGreaterThan(capacity / 2);
    expect(put(writer, rows, { batchMean: [1, 2, 3] })).toBe(false);
    expect(takeAll(reader)).toHaveLength(rows);
    expect(writer.reserve(capacity + 1)).toBeNull();
    expect(put(writer, rows, { batchMean: [1, 2, 3] })).toBe(true);
  });

  it("gives up to a position that was read earlier, and leaves the rest", () => {
    const { writer, reader } = bothEnds();
    put(writer, 1, { batchMean: [1] });
    const first = writer.written;
    put(writer, 2, { batchMean: [2] });
    const steps: number[] = [];
    const take = (values: Float64Array) => {
      for (const { step } of decodeRows(values)) steps.push(step);
    };
    reader.drain(first, take);
    expect(steps).toEqual([1]);
    // A position that has been passed gives nothing.
    reader.drain(first, take);
    reader.drain(reader.written, take);
    reader.drain(first, take);
    expect(steps).toEqual([1, 2]);
  });

  it("goes on where its positions wrap around", () => {
    const memory = RowRing.memory(capacity);
    new Int32Array(memory, 0, 2).fill(-300);
    const [writer, reader] = [new RowRing(memory), new RowRing(memory)];
    for (let step = 0; step < 100; step++) {
      expect(put(writer, step, { batchMean: [step, step] })).toBe(true);
      expect(takeAll(reader)).toEqual([{ step, series: 3, mean: [step, step] }]);
    }
  });
});
