import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { MessageChannel, Worker } from "node:worker_threads";
import { afterEach, describe, expect, it } from "vitest";
import {
  encodedLength,
  encodeRow,
  type FromRecorder,
  RowEncoder,
  type StartMessage,
  type ToRecorder,
  type ToRecorderInOrder,
} from "../../../src/protocol/recording.js";
import { RowRing } from "../../../src/protocol/rowRing.js";
import { listRuns } from "../../../src/run/runList.js";
import { RunReader, rowsOf } from "../../../src/run/runReader.js";
import type { Row, TableName } from "../../../src/stats/catalogue.js";
import { newLayer } from "../../unit/run/newRun.js";

const bundle = resolve(process.env.LAYERSCOPE_DIST ?? "dist", "recorder.cjs");
const workers: Worker[] = [];

class Recording {
  readonly counters = new Int32Array(new SharedArrayBuffer(20));
  private readonly ringMemory = RowRing.memory(2 ** 12);
  readonly ring = new RowRing(this.ringMemory);
  readonly reports: FromRecorder[] = [];
  private readonly channel = new MessageChannel();
  private readonly worker = new Worker(bundle, {
    workerData: { news: this.channel.port2 },
    transferList: [this.channel.port2],
  });
  private flushes = 0;

  constructor(
    readonly folder: string,
    patch: Partial<StartMessage> = {},
  ) {
    workers.push(this.worker);
    this.channel.port1.on("message", (report: FromRecorder) => this.reports.push(report)).unref();
    this.post({
      type: "start",
      folder,
      id: "a-run",
      launch: null,
      parent: null,
      script: { path: "/train.js", arguments: [], workingFolder: "/" },
      startedAt: new Date().toISOString(),
      processId: process.pid,
      budget: "5",
      diskLimitBytes: 2 ** 31,
      shared: this.counters.buffer as SharedArrayBuffer,
      ring: this.ringMemory,
      ...patch,
    });
  }

  post(message: ToRecorder, transfer: readonly ArrayBuffer[] = []): void {
    Atomics.add(this.counters, 2, 1);
    const inOrder: ToRecorderInOrder = { rowsBefore: this.ring.written, message };
    this.worker.postMessage(inOrder, transfer);
  }

  /** Waits for room in the ring, as the training thread does not. */
  ringRow(table: TableName, step: number, series: number, row: Row): void {
    for (;;) {
      const at = this.ring.reserve(encodedLength(table, row));
      if (at !== null) {
        this.ring.commit(encodeRow(this.ring.values, at, table, step, series, row));
        return;
      }
      Atomics.wait(this.counters, 0, Atomics.load(this.counters, 0), 5);
    }
  }

  rows(fill: (encoder: RowEncoder) => void): number {
    const encoder = new RowEncoder();
    fill(encoder);
    const values = encoder.take();
    const { byteLength } = values;
    this.post({ type: "rows", values }, [values.buffer as ArrayBuffer]);
    return byteLength;
  }

  /** As in an `exit` handler: the event loop of this thread does not turn meanwhile. */
  flush(): boolean {
    this.post({ type: "flush" });
    this.flushes++;
    for (const until = Date.now() + 10_000; Atomics.load(this.counters, 0) < this.flushes; ) {
      if (Date.now() > until) return false;
      Atomics.wait(this.counters, 0, this.flushes - 1, 1000);
    }
    return true;
  }
}

function newRuns(): string {
  return mkdtempSync(join(tmpdir(), "layerscope-worker-"));
}

afterEach(async () => {
  for (const worker of workers.splice(0)) await worker.terminate();
});

describe("recorder worker", () => {
  it("has everything on disk when a flush is answered, though its caller never yields", () => {
    const recording = new Recording(join(newRuns(), "a-run"));
    let bytes = 0;
    for (let step = 1; step <= 20_000; step++)
      bytes += recording.rows((rows) => rows.add("steps", step, 0, { loss: 1 / step }));
    recording.post({ type: "event", event: { type: "note", message: "a note", timeMs: 1, step: 3 } });
    recording.post({ type: "end", status: "completed", exitCode: 0, error: null });
    expect(recording.flush()).toBe(true);
    expect(recording.counters[1]).toBe(bytes);
    const { run, batches, events } = new RunReader(recording.folder).poll();
    expect(run).toMatchObject({ status: "completed", steps: 20_000, exitCode: 0, control: null, notes: ["a note"] });
    expect(events).toHaveLength(1);
    const losses = [...rowsOf(batches)].map(({ step, row }) => [step, row.loss]);
    expect(losses).toEqual(Array.from({ length: 20_000 }, (_, at) => [at + 1, 1 / (at + 1)]));
  });

  it("takes rows from shared memory and from messages in the order in which they were written", () => {
    const recording = new Recording(join(newRuns(), "a-run"));
    const steps = 20_000;
    for (let step = 1; step <= steps; step++) {
      const row = { loss: step, learningRate: 1 / step };
      if (step % 1000 === 0) recording.rows((rows) => rows.add("steps", step, 0, row));
      else recording.ringRow("steps", step, 0, row);
    }
    expect(recording.flush()).toBe(true);
    const rows = [...rowsOf(new RunReader(recording.folder).poll().batches)];
    expect(rows.map(({ step }) => step)).toEqual(Array.from({ length: steps }, (_, at) => at + 1));
    expect(rows.every(({ step, row }) => row.loss === step && row.learningRate === 1 / step)).toBe(true);
  });

  it("takes no row before the message that it follows: a layer's momentum counts from its first row", () => {
    const recording = new Recording(join(newRuns(), "a-run"));
    const batch = { valuesPerChannel: 32, passes: 1, batchMean: [0.5], batchVariance: [4] };
    const running = { runningMean: [0], runningVariance: [1] };
    for (let series = 0; series < 200; series++) {
      const config = { momentum: 0.5, epsilon: 0.001 };
      const layers = Array.from({ length: series + 1 }, (_, at) => newLayer(at, `norm${at}`, { config }));
      recording.post({ type: "layers", layers, weights: [] });
      recording.ringRow("batchNorm", 1, series, { ...batch, ...running });
    }
    expect(recording.flush()).toBe(true);
    const rows = [...rowsOf(new RunReader(recording.folder).poll().batches)];
    expect(rows.map(({ row }) => row.warmup)).toEqual(new Array(200).fill(0.5));
  });

  it("completes BatchNorm rows with the running statistics before the step, and activations with drift", () => {
    const recording = new Recording(join(newRuns(), "a-run"));
    const layer = newLayer(0, "norm", { className: "BatchNormalization", config: { momentum: 0.9, epsilon: 0.001 } });
    recording.post({ type: "layers", layers: [layer], weights: [] });
    const batch = { valuesPerChannel: 32, passes: 1, batchMean: [0.5, 1], batchVariance: [4, 0.25] };
    recording.rows((rows) => {
      rows.add("batchNorm", 0, 0, { passes: 0, runningMean: [0, 0], runningVariance: [1, 1] });
      rows.add("batchNorm", 1, 0, { ...batch, runningMean: [0.05, 0.1], runningVariance: [1.3, 0.925] });
      rows.add("batchNorm", 2, 0, { ...batch, runningMean: [0.095, 0.19], runningVariance: [1.57, 0.8575] });
      rows.add("activations", 1, 0, { mean: 1, variance: 4 });
      rows.add("activations", 2, 0, { mean: 2, variance: 5 });
    });
    expect(recording.flush()).toBe(true);
    const rows = [...rowsOf(new RunReader(recording.folder).poll().batches)];
    const norm = rows.filter(({ table }) => table === "batchNorm").map(({ row }) => row);
    const gaps = norm.map(({ gap }) => (gap === undefined ? null : Array.from(gap)));
    expect(gaps[0]).toBeNull();
    expect(gaps[1]).toEqual([0.5 / Math.sqrt(1.001), 1 / Math.sqrt(1.001)].map(Math.fround));
    expect(gaps[2]).toEqual([0.45 / Math.sqrt(1.301), 0.9 / Math.sqrt(0.926)].map(Math.fround));
    expect(norm[2]?.warmup).toBeCloseTo(0.81, 12);
    const activations = rows.filter(({ table }) => table === "activations").map(({ row }) => row);
    expect(activations[1]).toMatchObject({ meanDrift: 1, varianceDrift: 1 });
  });

  it("gives up where it cannot write, says so once, and still answers", async () => {
    const runs = newRuns();
    writeFileSync(join(runs, "taken"), "");
    const recording = new Recording(join(runs, "taken", "a-run"));
    for (let again = 0; again < 3; again++) {
      recording.rows((rows) => rows.add("steps", again, 0, { loss: 1 }));
      expect(recording.flush()).toBe(true);
    }
    await new Promise((done) => setTimeout(done, 50));
    expect(recording.reports).toEqual([{ type: "failed", message: expect.stringContaining("ENOTDIR") }]);
  });

  it("leaves what it has, and a note, when it fails in the middle", async () => {
    const recording = new Recording(join(newRuns(), "a-run"));
    recording.rows((rows) => rows.add("steps", 1, 0, { loss: 1 }));
    recording.flush();
    recording.post({ type: "rows", values: Float64Array.of(99, 1, 2, 3, 4) });
    expect(recording.flush()).toBe(true);
    await new Promise((done) => setTimeout(done, 50));
    expect(recording.reports).toEqual([{ type: "failed", message: expect.stringContaining("got table number 99") }]);
    const { run, batches } = new RunReader(recording.folder).poll();
    expect(run.notes).toEqual([
      expect.stringMatching(/^The recorder switched itself off: Row at 0: got table number 99/),
    ]);
    expect([...rowsOf(batches)]).toHaveLength(1);
  });

  it("gives a second process that claims the same folder one of its own", () => {
    const runs = newRuns();
    const first = new Recording(join(runs, "a-run"));
    first.rows((rows) => rows.add("steps", 1, 0, { loss: 1 }));
    expect(first.flush()).toBe(true);
    const second = new Recording(join(runs, "a-run"), { processId: 4242 });
    second.rows((rows) => rows.add("steps", 7, 0, { loss: 7 }));
    expect(second.flush()).toBe(true);
    expect(
      listRuns(runs)
        .map(({ run }) => run.id)
        .sort(),
    ).toEqual(["a-run", "a-run-4242"]);
    expect(JSON.parse(readFileSync(join(runs, "a-run", "run.json"), "utf8")).steps).toBe(1);
    const rows = [...rowsOf(new RunReader(join(runs, "a-run-4242")).poll().batches)];
    expect(rows.map(({ step }) => step)).toEqual([7]);
  });
});
