import { randomBytes } from "node:crypto";
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { isMainThread, MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from "node:worker_threads";
import type { BackendOptions } from "../../protocol/options.js";
import {
  encodedLength,
  encodeRow,
  type FromRecorder,
  RowEncoder,
  type ToRecorder,
  type ToRecorderInOrder,
} from "../../protocol/recording.js";
import { RowRing } from "../../protocol/rowRing.js";
import type { EngineInfo, LayerInfo, RunEvent, WeightInfo } from "../../run/format.js";
import type { Row, TableName } from "../../stats/catalogue.js";
import type { Running } from "../../stats/derivedRows.js";
import { threadLimits } from "../helperThread.js";
import { recorderThreadName } from "./thread.js";

/** Float64 of the memory that rows are written to: 4 MB. */
const ringCapacity = 2 ** 19;
/** With so much waiting the worker is behind, and steps are skipped: memory stays bounded. */
const behindFromLength = ringCapacity / 2;
/** Rows that found no room in the ring are sent when there are so many, or the step ends. */
const sendFromLength = 32_768;
const cores = availableParallelism();
const flushTimeoutMs = 10_000;
const shortestFlushMs = 50;

/** An event before it is known when it happened; keeps the union of `RunEvent` apart. */
export type EventContent = RunEvent extends infer Event
  ? Event extends RunEvent
    ? Omit<Event, "timeMs" | "step">
    : never
  : never;

/** The training thread's end of the recording: hands rows to the worker that writes the run folder. */
export class Recorder {
  readonly id: string;
  readonly folder: string;
  private readonly ringMemory = RowRing.memory(ringCapacity);
  private readonly ring = new RowRing(this.ringMemory);
  /** For rows that the ring has no room for. */
  private readonly overflow = new RowEncoder();
  private readonly shared = new SharedArrayBuffer(20);
  private readonly counters = new Int32Array(this.shared);
  private readonly worker: Worker;
  /** What the worker has to say; read between steps too, since a loop may never yield to the event loop. */
  private readonly news: MessagePort;
  private newsHeard = 0;
  private readonly startedMs = performance.now();
  private sentBytes = 0;
  private flushes = 0;
  private lastFlushMs = 0;
  private ended = false;

  constructor(
    options: BackendOptions,
    private readonly onMessage: (message: FromRecorder) => void,
  ) {
    const { claim } = options;
    const { port1, port2 } = new MessageChannel();
    this.news = port1;
    this.id = claim?.id ?? newRunId();
    this.folder = claim?.folder ?? join(options.runs, this.id);
    this.worker = new Worker(join(__dirname, "recorder.cjs"), {
      name: recorderThreadName,
      workerData: { thread: recorderThreadName, news: port2 },
      transferList: [port2],
      execArgv: [],
      env: { ...process.env, NODE_OPTIONS: "" },
      resourceLimits: threadLimits,
      stdout: false,
      stderr: false,
    });
    this.worker.unref();
    this.news.on("message", (message: FromRecorder) => this.heard(message));
    this.worker.on("error", (error) => onMessage({ type: "failed", message: error.message }));
    this.post({
      type: "start",
      folder: this.folder,
      id: this.id,
      launch: options.launch,
      parent: options.parent,
      script: {
        path: scriptPath(),
        arguments: process.argv.slice(2),
        workingFolder: process.cwd(),
      },
      startedAt: new Date().toISOString(),
      processId: process.pid,
      budget: options.budget,
      diskLimitBytes: options.diskLimitBytes,
      ...(options.probes === undefined ? {} : { probes: options.probes }),
      shared: this.shared,
      ring: this.ringMemory,
    });
    // Listening must not keep the process alive; a worker's port does once it has a listener.
    this.worker.unref();
    this.news.unref();
  }

  private heard(message: FromRecorder): void {
    this.newsHeard++;
    this.onMessage(message);
  }

  /** True while the worker is so far behind that a step should not be captured. */
  get isBehind(): boolean {
    return this.ring.waiting > behindFromLength || this.isOverflowing;
  }

  /**
   * Milliseconds that the worker has been busy since this was last asked, divided by the machine's cores: where they all
   * work, that much is taken from the training.
   */
  takeBesideMs(): number {
    return Atomics.exchange(this.counters, 3, 0) / 1000 / cores;
  }

  row(table: TableName, step: number, series: number, row: Row): void {
    const at = this.isOverflowing ? null : this.ring.reserve(encodedLength(table, row));
    if (at !== null) {
      this.ring.commit(encodeRow(this.ring.values, at, table, step, series, row));
      return;
    }
    this.overflow.add(table, step, series, row);
    if (this.overflow.length >= sendFromLength) this.send();
  }

  running(series: number, running: Running): void {
    this.send();
    this.post({ type: "running", series, running });
  }

  event(step: number, content: EventContent): void {
    this.send();
    this.post({ type: "event", event: { ...content, step, timeMs: this.elapsedMs() } as RunEvent });
  }

  layers(layers: readonly LayerInfo[], weights: readonly WeightInfo[]): void {
    this.send();
    this.post({ type: "layers", layers, weights });
  }

  engine(engine: EngineInfo): void {
    this.post({ type: "engine", engine });
  }

  progress(progress: Omit<Extract<ToRecorder, { type: "progress" }>, "type">): void {
    this.post({ type: "progress", ...progress });
  }

  elapsedMs(): number {
    return performance.now() - this.startedMs;
  }

  /** Once a step. What is in the ring needs nothing: the worker looks. */
  stepEnded(): void {
    this.send();
    this.hearNews();
  }

  private hearNews(): void {
    while (Atomics.load(this.counters, 4) !== this.newsHeard) {
      const news = receiveMessageOnPort(this.news);
      if (news === undefined) return;
      this.heard(news.message as FromRecorder);
    }
  }

  /** Last words; returns when all is on disk. Called in the `exit` handler, where nothing asynchronous runs any more. */
  end(end: Omit<Extract<ToRecorder, { type: "end" }>, "type">): void {
    if (this.ended) return;
    this.ended = true;
    this.send();
    this.post({ type: "end", ...end });
    this.flush();
    // A worker that failed in a short training says so only now.
    this.hearNews();
  }

  /** Puts everything on disk before it returns, unless that was done a moment ago. */
  flushSoon(): void {
    if (this.ended || performance.now() - this.lastFlushMs < shortestFlushMs) return;
    this.send();
    this.flush();
  }

  private flush(): void {
    this.lastFlushMs = performance.now();
    this.post({ type: "flush" });
    this.flushes++;
    const until = performance.now() + flushTimeoutMs;
    for (let answered = Atomics.load(this.counters, 0); answered < this.flushes; ) {
      const leftMs = until - performance.now();
      if (leftMs <= 0) return;
      Atomics.wait(this.counters, 0, answered, leftMs);
      answered = Atomics.load(this.counters, 0);
    }
  }

  private send(): void {
    if (this.overflow.length === 0) return;
    const values = this.overflow.take();
    this.sentBytes += values.byteLength;
    // Not transferred: see `createMemory`.
    this.post({ type: "rows", values });
  }

  private post(message: ToRecorder): void {
    Atomics.add(this.counters, 2, 1);
    const inOrder: ToRecorderInOrder = { rowsBefore: this.ring.written, message };
    this.worker.postMessage(inOrder);
  }

  /** From the first row without room until the worker has them all: rows must not overtake each other. */
  private get isOverflowing(): boolean {
    return this.overflow.length > 0 || (this.sentBytes > 0 && this.sentBytes !== this.handledBytes());
  }

  /** The worker's counter is an int32 that wraps around; the difference to what was sent never does. */
  private handledBytes(): number {
    const behind = (this.sentBytes - Atomics.load(this.counters, 1)) % 2 ** 32;
    return this.sentBytes - (behind < 0 ? behind + 2 ** 32 : behind);
  }
}

/** Process managers such as pm2 start a program of their own, which makes the script the main module. */
function scriptPath(): string {
  const main = isMainThread ? process.mainModule?.filename : undefined;
  return resolve(main ?? process.argv[1] ?? ".");
}

/** Sorts by time, is unique between processes, and is a plain folder name everywhere. */
function newRunId(): string {
  const time = new Date().toISOString().replace(/[-:]/g, "").replace("T", "-").slice(0, 15);
  return `${time}-${randomBytes(3).toString("hex")}${isMainThread ? "" : "-worker"}`;
}
