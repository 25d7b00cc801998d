import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { tableFromIPC } from "apache-arrow";
import { describe, expect, it } from "vitest";
import { RunReader, type RunRow, rowsOf } from "../../../src/run/runReader.js";
import type { RunWriter } from "../../../src/run/runWriter.js";
import { newWriter } from "./newRun.js";

const limitBytes = 2 ** 20;
const layers = 4;

/** Every step the cheap numbers, every 8th the dear ones too, as the recorder does under a budget. */
function write(writer: RunWriter, from: number, to: number): void {
  for (let step = from; step <= to; step++) {
    writer.append("steps", step, 0, { loss: step });
    for (let layer = 0; layer < layers; layer++) {
      writer.append("batchNorm", step, layer, { batchMean: [step, layer] });
      if (step % 8 === 5) writer.append("activations", step, layer, { mean: step });
    }
    if (step === 7) writer.append("weights", step, 3, { weightNorm: 1 });
    if (step % 20 === 0) writer.flush();
  }
}

function folderBytes(folder: string): number {
  return readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
}

function allRows(reader: RunReader): RunRow[] {
  const rows: RunRow[] = [];
  for (let more = true; more; ) {
    const poll = reader.poll();
    if (poll.reset) rows.length = 0;
    rows.push(...rowsOf(poll.batches));
    more = poll.more;
  }
  return rows;
}

describe("disk limit", () => {
  const writer = newWriter(undefined, limitBytes);
  writer.appendEvent({
    type: "nonfinite",
    where: "output",
    layer: 0,
    weight: null,
    channel: null,
    nanCount: 1,
    infCount: 0,
    timeMs: 0,
    step: 333,
  });
  write(writer, 1, 10_000);
  writer.close({ status: "completed" });
  const rows = allRows(new RunReader(writer.folder));
  const steps = rows.filter(({ table }) => table === "steps").map(({ step }) => step);

  it("is kept", () => {
    expect(folderBytes(writer.folder)).toBeLessThanOrEqual(limitBytes);
    expect(folderBytes(writer.folder)).toBeGreaterThan(limitBytes / 2);
  });

  it("is told in run.json", () => {
    const notes = writer.current.notes.filter((note) => note.includes("Disk limit"));
    expect(notes).toHaveLength(1);
    expect(notes[0]).toMatch(/up to step \d+, 1 of 2 to 1 of \d+ captured steps is kept/);
    expect(JSON.parse(readFileSync(join(writer.folder, "run.json"), "utf8")).notes).toEqual(writer.current.notes);
  });

  it("keeps first and last steps, the newest whole, and a step that went non-finite", () => {
    expect(steps[0]).toBe(1);
    expect(steps.at(-1)).toBe(10_000);
    expect(steps.slice(-100)).toEqual(Array.from({ length: 100 }, (_, at) => 9_901 + at));
    expect(steps).toContain(333);
    expect(rows).toContainEqual({ table: "weights", step: 7, series: 3, row: { weightNorm: 1 } });
  });

  it("takes whole steps, gradually, and leaves both kinds of steps", () => {
    const complete = new Set(steps);
    const layersOf = new Map<number, number>();
    for (const { table, step } of rows) if (table === "batchNorm") layersOf.set(step, (layersOf.get(step) ?? 0) + 1);
    for (const [step, count] of layersOf) {
      expect(count).toBe(layers);
      expect(complete.has(step)).toBe(true);
    }
    expect(layersOf.size).toBe(steps.length);
    const density = (from: number, to: number) =>
      steps.filter((step) => step >= from && step < to).length / (to - from);
    expect(density(1, 1000)).toBeLessThan(density(5000, 6000));
    expect(density(5000, 6000)).toBeLessThanOrEqual(density(9000, 10_000));
    expect(density(1, 1000)).toBeGreaterThan(0);
    const dear = rows.filter(({ table, series, step }) => table === "activations" && series === 0 && step < 5000);
    const cheap = steps.filter((step) => step < 5000);
    expect(dear.length / cheap.length).toBeGreaterThan(0.1);
    expect(dear.length / cheap.length).toBeLessThan(0.15);
  });

  it("leaves streams that apache-arrow reads", () => {
    for (const name of readdirSync(writer.folder).filter((file) => file.endsWith(".arrow"))) {
      expect(tableFromIPC(readFileSync(join(writer.folder, name))).numRows).toBeGreaterThan(0);
    }
    expect(readdirSync(writer.folder).filter((file) => file.endsWith(".tmp"))).toEqual([]);
  });
});

describe("a reader of a run that is thinned while it reads", () => {
  it("has seen every step once, and reads detail of what is left", { timeout: 30_000 }, () => {
    const writer = newWriter(undefined, limitBytes);
    writer.flush();
    const reader = new RunReader(writer.folder);
    const seen = new Set<number>();
    for (let from = 1; from <= 8000; from += 100) {
      write(writer, from, from + 99);
      writer.flush();
      for (const { table, step } of rowsOf(reader.poll().batches)) if (table === "steps") seen.add(step);
    }
    expect(seen.size).toBe(8000);
    expect(existsSync(join(writer.folder, "steps.1.arrow"))).toBe(false);
    const left = reader.withColumns("steps", 0, 3000, (batch) => Array.from(batch.steps)).flat();
    const afresh = allRows(new RunReader(writer.folder)).filter(({ table, step }) => table === "steps" && step <= 3000);
    expect(left.filter((step) => step <= 3000)).toEqual(afresh.map(({ step }) => step));
  });

  it("starts again where it had not read to the end", { timeout: 30_000 }, () => {
    const writer = newWriter(undefined, limitBytes);
    write(writer, 1, 500);
    writer.flush();
    const reader = new RunReader(writer.folder);
    reader.poll({ maxBytes: 1 });
    write(writer, 501, 8000);
    writer.flush();
    const rows = allRows(reader).filter(({ table }) => table === "steps");
    const afresh = allRows(new RunReader(writer.folder)).filter(({ table }) => table === "steps");
    expect(rows.map(({ step }) => step)).toEqual(afresh.map(({ step }) => step));
  });
});
