import { closeSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import type { FromTraining, ToTraining } from "../../protocol/control.js";
import { decodeRows, type EndMessage, type StartMessage, type ToRecorder } from "../../protocol/recording.js";
import { eventsFileName } from "../../run/format.js";
import { newRunFile } from "../../run/runFile.js";
import { RunWriter } from "../../run/runWriter.js";
import { DerivedRows } from "../../stats/derivedRows.js";
import { parseBudget } from "./controller.js";
import { ControlServer } from "./controlServer.js";

/**
 * Rows reach the disk this soon, or later where writing is slow: it takes at most a fiftieth of a core. Each time costs the
 * training something, and nobody would see it in half the time: charts are drawn 0.2 s after the step.
 */
const soonestFlushMs = 200;
const latestFlushMs = 1000;
const flushShare = 1 / 50;
const heartbeatEveryMs = 1000;
/** A message burst is written before its rows fill the memory. */
const flushFromBytes = 2 ** 22;
/** Between the answer to `stop` and the signal, so that the caller has its answer. */
const stopDelayMs = 20;

/** One run as the recorder worker writes it. Every method may throw; the worker's entry takes care of it. */
export class RunRecording {
  private readonly writer: RunWriter;
  private readonly derived = new DerivedRows((series) => this.writer.current.layers[series]?.config ?? {});
  private readonly counters: Int32Array;
  private waitingBytes = 0;
  private messageBytes = 0;
  private lastFlushMs = 0;
  private flushCostMs = 0;
  private flushTimer: NodeJS.Timeout | null = null;
  private readonly heartbeat: NodeJS.Timeout;
  private control: ControlServer | null = null;
  private ended = false;
  private steps = 0;

  /** `forward` hands requests that concern the training thread to it; `guard` wraps what runs on timers. */
  constructor(
    private readonly start: StartMessage,
    private readonly forward: (request: ToTraining) => void,
    private readonly guard: (work: () => void) => void,
  ) {
    this.counters = new Int32Array(start.shared);
    const { folder, id } = ownFolder(start);
    this.writer = new RunWriter({
      folder,
      run: newRunFile({ ...start, id }),
      diskLimitBytes: start.diskLimitBytes,
    });
    this.writer.flush();
    this.heartbeat = setInterval(() => guard(() => this.beat()), heartbeatEveryMs);
    void this.listen();
  }

  handle(message: Exclude<ToRecorder, StartMessage | { readonly type: "flush" }>): void {
    switch (message.type) {
      case "rows":
        this.messageBytes += message.values.byteLength;
        this.addRows(message.values);
        return;
      case "layers":
        this.writer.update({ layers: message.layers, weights: message.weights });
        break;
      case "running":
        this.derived.running(message.series, message.running);
        return;
      case "engine":
        this.writer.update({ engine: message.engine });
        break;
      case "event":
        this.writer.appendEvent(message.event);
        if (message.event.type === "epoch") this.derived.startEpoch();
        if (message.event.type === "note") this.writer.addNote(message.event.message);
        break;
      case "progress":
        // Soon enough with the next heartbeat.
        this.writer.updateSoon({
          epoch: message.epoch,
          overhead: { percent: message.overheadPercent, skippedSteps: message.skippedSteps },
          layerSteps: message.layerSteps,
        });
        return;
      case "end":
        this.end(message);
        return;
      default:
        message satisfies never;
    }
    this.flushLater();
  }

  /** `values` is not kept. */
  addRows(values: Float64Array): void {
    for (const { table, step, series, row } of decodeRows(values)) {
      if (table === "steps" && step > this.steps) this.steps = step;
      this.derived.complete(table, step, series, row);
      this.writer.append(table, step, series, row);
    }
    this.waitingBytes += values.byteLength;
    if (this.waitingBytes >= flushFromBytes) this.flush();
    else this.flushLater();
  }

  /** Puts all on disk. */
  flushAll(): void {
    this.updateSteps();
    this.flush();
  }

  private flush(): void {
    if (this.flushTimer !== null) clearTimeout(this.flushTimer);
    this.flushTimer = null;
    if (this.ended) return;
    const startMs = performance.now();
    this.writer.flush();
    const tookMs = performance.now() - startMs;
    // One flush that the machine was busy with something else in tells nothing: the cheaper of the last two counts.
    this.flushCostMs = Math.min(tookMs, this.lastFlushMs);
    this.lastFlushMs = tookMs;
    Atomics.add(this.counters, 1, this.messageBytes);
    this.messageBytes = 0;
    this.waitingBytes = 0;
  }

  private flushLater(): void {
    const afterMs = Math.min(latestFlushMs, Math.max(soonestFlushMs, this.flushCostMs / flushShare));
    this.flushTimer ??= setTimeout(() => this.guard(() => this.flush()), afterMs);
  }

  /** Leaves a readable folder behind after `reason`; for the case that this recording cannot go on. */
  abandon(reason: string): void {
    clearInterval(this.heartbeat);
    if (this.flushTimer !== null) clearTimeout(this.flushTimer);
    this.ended = true;
    this.control?.close();
    this.writer.abandon(`The recorder switched itself off: ${reason}`);
  }

  private updateSteps(): void {
    if (this.steps > this.writer.current.steps) this.writer.update({ steps: this.steps });
  }

  private beat(): void {
    this.writer.update({ heartbeatAt: new Date().toISOString() });
    this.flushAll();
  }

  private end(message: EndMessage): void {
    clearInterval(this.heartbeat);
    this.flushAll();
    this.ended = true;
    this.control?.close();
    const stopped = this.writer.current.stopRequestedAt !== null;
    const now = new Date().toISOString();
    this.writer.close({
      status: stopped ? "stopped" : message.status,
      exitCode: message.exitCode,
      error: message.error,
      endedAt: now,
      heartbeatAt: now,
      control: null,
    });
  }

  private async listen(): Promise<void> {
    try {
      const control = await ControlServer.listen((request) => this.answer(request));
      if (this.ended) {
        control.close();
        return;
      }
      this.control = control;
      this.writer.update({ control: control.path });
    } catch (error) {
      // Training and recording do not need it; the run then says that it cannot be controlled.
      const reason = error instanceof Error ? error.message : String(error);
      this.writer.addNote(`This run cannot be controlled from outside: ${reason}`);
    }
    this.guard(() => this.flush());
  }

  private answer(request: ToTraining): FromTraining {
    switch (request.type) {
      case "ping":
        return { ok: true };
      case "budget":
        parseBudget(request.budget); // what it throws is the answer
        this.writer.update({ budget: request.budget });
        this.forward(request);
        return { ok: true };
      case "capture":
        this.forward(request);
        return { ok: true };
      case "stop":
        this.writer.update({ stopRequestedAt: this.writer.current.stopRequestedAt ?? new Date().toISOString() });
        this.flushAll();
        this.forward(request);
        setTimeout(() => process.kill(this.start.processId, "SIGINT"), stopDelayMs);
        return { ok: true };
      default:
        return request satisfies never;
    }
  }
}

/**
 * The folder that the launcher made, for the first process that takes it. A process that runs the same script with
 * the same environment (cluster, a script that starts itself) gets a folder beside it.
 */
function ownFolder({ folder, id, processId }: StartMessage): { readonly folder: string; readonly id: string } {
  mkdirSync(folder, { recursive: true });
  try {
    closeSync(openSync(join(folder, eventsFileName), "wx"));
    return { folder, id };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return { folder: `${folder}-${processId}`, id: `${id}-${processId}` };
  }
}
