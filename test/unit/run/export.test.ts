import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { tableFromIPC } from "apache-arrow";
import { asyncBufferFromFile, parquetReadObjects } from "hyparquet";
import { beforeAll, describe, expect, it } from "vitest";
import { exportRun } from "../../../src/run/export/exportRun.js";
import { crc32c } from "../../../src/run/export/tensorboardRecord.js";
import { RunHistory } from "../../../src/run/runHistory.js";
import { readSeries } from "../../../src/run/seriesReader.js";
import { newLayer, newRun, newWriter } from "./newRun.js";
import { random } from "./random.js";

const steps = 60;

/** One run with everything awkward: NaN, Inf, absent values, lists of changing length, a name that CSV must quote. */
function writeRun(): string {
  const writer = newWriter();
  writer.update({
    ...newRun(),
    layers: [newLayer(0, 'dense, "one"\nline'), newLayer(1, "norm")],
    weights: [{ index: 0, name: "dense/kernel", layer: 0, shape: [2, 2], trainable: true }],
  });
  const next = random(5);
  for (let step = 1; step <= steps; step++) {
    writer.append("steps", step, 0, { loss: step === 30 ? Number.NaN : next(), timeMs: step * 10 });
    writer.append(
      "activations",
      step,
      0,
      step % 3 === 0 ? { mean: next(), min: Number.NEGATIVE_INFINITY } : { mean: next() },
    );
    writer.append("batchNorm", step, 1, {
      batchMean: [next(), next(), step === 7 ? Number.NaN : 1],
      meanShift: next(),
    });
    if (step % 10 === 0) {
      writer.append("activations", step, 1, {
        histogram: [0, 3, 4, 0],
        histogramMin: -1,
        histogramMax: 1,
        mean: 0.5,
        min: -2,
        max: 3,
      });
    }
    if (step % 5 === 0) writer.append("weights", step, 0, { gradientNorm: next() });
    if (step % 7 === 0) writer.flush();
  }
  writer.appendEvent({ type: "epoch", epoch: 1, logs: { loss: 0.5 }, timeMs: 5, step: steps });
  writer.close({ status: "completed" });
  return writer.folder;
}

type Points = readonly (readonly [number, unknown])[];

describe("exports agree with the run folder", () => {
  const folder = writeRun();
  const out = join(folder, "..");
  const history = new RunHistory(folder);
  history.poll();
  const wanted = (
    table: "steps" | "activations" | "batchNorm" | "weights",
    series: number,
    name: "loss" | "mean" | "min" | "batchMean" | "gradientNorm",
  ): Points =>
    readSeries(history.reader, table, series, name).map(({ step, value }) => [
      step,
      typeof value === "number" ? value : Array.from(value),
    ]);
  const cases = [
    { name: "loss", points: wanted("steps", 0, "loss"), layer: "", weight: "" },
    { name: "mean", points: wanted("activations", 0, "mean"), layer: 'model/dense, "one"\nline', weight: "" },
    { name: "min", points: wanted("activations", 0, "min"), layer: 'model/dense, "one"\nline', weight: "" },
    { name: "batchMean", points: wanted("batchNorm", 1, "batchMean"), layer: "model/norm", weight: "" },
    {
      name: "gradientNorm",
      points: wanted("weights", 0, "gradientNorm"),
      layer: 'model/dense, "one"\nline',
      weight: "dense/kernel",
    },
  ] as const;
  type Cell = { step: number; layer: string; weight: string; [name: string]: unknown };

  function expectRows(rows: readonly Cell[]): void {
    for (const { name, points, layer, weight } of cases) {
      expect(points.length).toBeGreaterThan(0);
      const got = rows
        .filter((row) => row.layer === layer && row.weight === weight && row[name] !== null && row[name] !== undefined)
        .map((row) => [row.step, row[name]]);
      expect(got).toEqual(points);
    }
  }

  beforeAll(() => {
    for (const format of ["csv", "json", "arrow", "parquet"] as const)
      exportRun(folder, format, join(out, `run.${format}`));
    exportRun(folder, "tensorboard", join(out, "logs"));
  });

  it("as CSV", () => {
    const [head = [], ...lines] = parseCsv(readFileSync(join(out, "run.csv"), "utf8"));
    const rows = lines.map((cells) => {
      const row = Object.fromEntries(head.map((name, at) => [name, cells[at] === "" ? null : cells[at]]));
      const numbers = (text: string | null | undefined) => (text ? text.split(" ").map(Number) : null);
      const number = (text: string | null | undefined) => (text ? Number(text) : null);
      return {
        step: Number(row.step),
        layer: row.layer ?? "",
        weight: row.weight ?? "",
        loss: number(row.loss),
        mean: number(row.mean),
        min: number(row.min),
        batchMean: numbers(row.batchMean),
        gradientNorm: number(row.gradientNorm),
      };
    });
    expectRows(rows);
  });

  it("as JSON", () => {
    const { run, rows, events } = JSON.parse(readFileSync(join(out, "run.json"), "utf8")) as {
      run: { id: string };
      rows: Record<string, unknown>[];
      events: { type: string }[];
    };
    const number = (value: unknown): unknown =>
      Array.isArray(value) ? value.map(number) : value === "NaN" || value === "-Infinity" ? Number(value) : value;
    expect(run.id).toBe("a-run");
    expect(events.map(({ type }) => type)).toEqual(["epoch"]);
    expectRows(
      rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, number(value)])) as Cell),
    );
  });

  it("as Arrow", () => {
    const table = tableFromIPC(readFileSync(join(out, "run.arrow")));
    const rows = table.toArray().map((row) => {
      const { batchMean, ...rest } = row.toJSON() as Record<string, unknown>;
      return {
        ...rest,
        batchMean: batchMean === null ? null : Array.from(batchMean as Iterable<number>),
      } as unknown as Cell;
    });
    expectRows(rows);
  });

  it("as Parquet", async () => {
    const rows = await parquetReadObjects({ file: await asyncBufferFromFile(join(out, "run.parquet")) });
    expectRows(rows as Cell[]);
  });

  it("as TensorBoard events", () => {
    const [name = ""] = readdirSync(join(out, "logs"));
    expect(name).toMatch(/^events\.out\.tfevents\.\d+\./);
    const records = readRecords(readFileSync(join(out, "logs", name)));
    expect(records[0]?.includes("brain.Event:2")).toBe(true);
    const summaries = records.slice(1).map(decodeSummary);
    const losses = summaries.flatMap(({ step, scalars }) => (scalars.has("loss") ? [[step, scalars.get("loss")]] : []));
    expect(losses).toEqual(wanted("steps", 0, "loss").map(([step, value]) => [step, Math.fround(value as number)]));
    const norms = summaries.filter(({ scalars }) => scalars.has("dense/kernel/gradientNorm"));
    expect(norms.map(({ step }) => step)).toEqual([5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60]);
    expect(summaries.filter(({ histograms }) => histograms.includes("model/norm/batchMean"))).toHaveLength(steps);
  });
});

it("computes CRC-32C", () => {
  // RFC 3720, appendix B.4
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
  expect(crc32c(Buffer.from("123456789"))).toBe(0xe3069283);
});

/** RFC 4180. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = "";
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const char = text[at] as string;
    if (quoted) {
      if (char === '"' && text[at + 1] === '"') cell += text[++at];
      else if (char === '"') quoted = false;
      else cell += char;
    } else if (char === '"') quoted = true;
    else if (char === ",") {
      row.push(cell);
      cell = "";
    } else if (char === "\n") {
      rows.push([...row, cell]);
      row = [];
      cell = "";
    } else cell += char;
  }
  return rows;
}

/** Data of each TFRecord, after its checksums have been checked. */
function readRecords(file: Buffer): Buffer[] {
  const masked = (bytes: Uint8Array) => {
    const crc = crc32c(bytes);
    return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
  };
  const records: Buffer[] = [];
  for (let at = 0; at < file.length; ) {
    const length = Number(file.readBigUInt64LE(at));
    const data = file.subarray(at + 12, at + 12 + length);
    expect(file.readUInt32LE(at + 8)).toBe(masked(file.subarray(at, at + 8)));
    expect(file.readUInt32LE(at + 12 + length)).toBe(masked(data));
    records.push(data);
    at += 16 + length;
  }
  return records;
}

interface Field {
  readonly field: number;
  readonly value: number;
  readonly bytes: Buffer;
}

function decodeFields(bytes: Buffer): Field[] {
  const fields: Field[] = [];
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++] as number;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const key = varint();
    const wire = key % 8;
    const length = wire === 1 ? 8 : wire === 5 ? 4 : wire === 2 ? varint() : 0;
    const value = wire === 0 ? varint() : wire === 1 ? bytes.readDoubleLE(at) : wire === 5 ? bytes.readFloatLE(at) : 0;
    fields.push({ field: Math.floor(key / 8), value, bytes: bytes.subarray(at, at + length) });
    at += length;
  }
  return fields;
}

function decodeSummary(event: Buffer): { step: number; scalars: Map<string, number>; histograms: string[] } {
  const fields = decodeFields(event);
  const scalars = new Map<string, number>();
  const histograms: string[] = [];
  for (const { bytes } of decodeFields(fields.find(({ field }) => field === 5)?.bytes ?? Buffer.alloc(0))) {
    const value = decodeFields(bytes);
    const tag = value.find(({ field }) => field === 1)?.bytes.toString() ?? "";
    const scalar = value.find(({ field }) => field === 2);
    if (scalar !== undefined) scalars.set(tag, scalar.value);
    if (value.some(({ field }) => field === 5)) histograms.push(tag);
  }
  return { step: fields.find(({ field }) => field === 2)?.value ?? 0, scalars, histograms };
}
