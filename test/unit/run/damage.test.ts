import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { RunReader, rowsOf } from "../../../src/run/runReader.js";
import { readSeries } from "../../../src/run/seriesReader.js";
import { newWriter } from "./newRun.js";
import { random } from "./random.js";

const name = "activations.0.arrow";

/** Three batches of two steps; `ends[n]` is where batch n ends. */
function written(): { readonly folder: string; readonly path: string; readonly ends: readonly number[] } {
  const writer = newWriter();
  const path = join(writer.folder, name);
  const ends = [1, 2, 3].map((batch) => {
    for (const step of [2 * batch - 1, 2 * batch]) {
      writer.append("activations", step, 0, { mean: step, channelMean: [step, 1] });
      writer.append("activations", step, 1, { mean: -step });
    }
    writer.append("steps", 2 * batch, 0, { loss: 1 / batch });
    writer.flush();
    return readFileSync(path).length;
  });
  return { folder: writer.folder, path, ends };
}

function read(folder: string): { readonly steps: readonly number[]; readonly damage: readonly string[] } {
  const reader = new RunReader(folder);
  const rows = [...rowsOf(reader.poll().batches)];
  const steps = rows.flatMap(({ table, series, step }) => (table === "activations" && series === 0 ? [step] : []));
  expect(rows.filter(({ table }) => table === "steps")).toHaveLength(3);
  return { steps, damage: reader.damage };
}

function change(path: string, use: (bytes: Buffer) => void): void {
  const bytes = readFileSync(path);
  use(bytes);
  writeFileSync(path, bytes);
}

/** Where the values of a batch's `series` column lie: 0, 1, 0, 1. */
function seriesColumn(bytes: Buffer, from: number): number {
  return bytes.indexOf(Buffer.from(Int32Array.of(0, 1, 0, 1).buffer), from);
}

describe("a damaged table", () => {
  it("says nothing of a whole one, nor of a torn tail", () => {
    const { folder, path, ends } = written();
    expect(read(folder)).toEqual({ steps: [1, 2, 3, 4, 5, 6], damage: [] });
    writeFileSync(path, readFileSync(path).subarray(0, (ends[2] ?? 0) - 20));
    expect(read(folder)).toEqual({ steps: [1, 2, 3, 4], damage: [] });
  });

  it.each([
    ["garbage in place of a message", (bytes: Buffer, at: number) => bytes.fill(0xab, at, at + 40)],
    ["zeros in place of a message", (bytes: Buffer, at: number) => bytes.fill(0, at + 8, at + 400)],
    ["a length that cannot be", (bytes: Buffer, at: number) => bytes.writeUInt32LE(0x7fffffff, at + 4)],
  ])("%s: what is before it is read, and where it lies is said", (_, damage) => {
    const { folder, path, ends } = written();
    const at = ends[0] ?? 0;
    change(path, (bytes) => damage(bytes, at));
    const sentence = `${name} is damaged at byte ${at}: what lies behind that is not read.`;
    expect(read(folder)).toEqual({ steps: [1, 2], damage: [sentence] });
  });

  it("leaves out a batch whose rows belong to no series or step, and says which steps", () => {
    for (const [value, wanted] of [
      [-5, "0 to 4194303"],
      [0x7f000000, "0 to 4194303"],
    ] as const) {
      const { folder, path, ends } = written();
      change(path, (bytes) => bytes.writeInt32LE(value, seriesColumn(bytes, ends[0] ?? 0)));
      const sentence = `Rows of steps 3 to 4 in ${name} are damaged and left out: Got series ${value}, wanted ${wanted}.`;
      expect(read(folder)).toEqual({ steps: [1, 2, 5, 6], damage: [sentence] });
      const reader = new RunReader(folder);
      reader.poll({ bodies: false });
      expect(readSeries(reader, "activations", 0, "mean").map(({ step }) => step)).toEqual([1, 2, 5, 6]);
      expect(reader.damage).toEqual([sentence]);
      const whole = new RunReader(folder);
      whole.poll();
      expect(Array.from(whole.batchesBack("activations", 6, 9), ({ steps }) => steps[0])).toEqual([5, 1]);
    }
  });

  it("reads something or nothing whatever byte is wrong, but never fails", () => {
    const { folder, path } = written();
    const whole = readFileSync(path);
    const next = random(7);
    for (let turn = 0; turn < 400; turn++) {
      const bytes = Buffer.from(whole);
      const at = Math.floor(next() * bytes.length);
      for (let place = at; place < at + (turn % 3 === 0 ? 24 : 1) && place < bytes.length; place++) {
        bytes[place] = Math.floor(next() * 256);
      }
      writeFileSync(path, bytes);
      const reader = new RunReader(folder);
      expect(() => Array.from(rowsOf(reader.poll().batches)), `byte ${at}, turn ${turn}`).not.toThrow();
    }
  });
});
