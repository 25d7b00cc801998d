import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import type { FromRecorder, ToRecorderInOrder } from "../../protocol/recording.js";
import { RowRing } from "../../protocol/rowRing.js";
import { RunRecording } from "./runRecording.js";

const pollEveryMs = 40;

/**
 * The recorder worker. Whatever goes wrong here must not reach the script: the first failure is reported to the
 * training thread once, after which messages are dropped and flushes still answered.
 */
class RecorderWorker {
  private recording: RunRecording | null = null;
  private counters: Int32Array | null = null;
  private ring: RowRing | null = null;
  private received = 0;
  private failed = false;

  constructor(private readonly news: MessagePort) {}

  receive({ rowsBefore, message }: ToRecorderInOrder): void {
    this.received++;
    this.drain(rowsBefore);
    if (message.type === "start") {
      this.counters = new Int32Array(message.shared);
      this.ring = new RowRing(message.ring);
      setInterval(() => this.poll(), pollEveryMs);
      this.guard(() => {
        this.recording = new RunRecording(
          message,
          (request) => this.post({ type: "control", request }),
          (work) => this.guard(work),
        );
      });
      return;
    }
    if (message.type === "flush") {
      this.guard(() => this.recording?.flushAll());
      if (this.counters !== null) {
        Atomics.add(this.counters, 0, 1);
        Atomics.notify(this.counters, 0);
      }
      return;
    }
    if (this.failed && message.type === "rows" && this.counters !== null) {
      Atomics.add(this.counters, 1, message.values.byteLength);
    }
    this.guard(() => this.recording?.handle(message));
  }

  /** Takes the rows of the ring, unless a message is under way that some of them may come after. */
  private poll(): void {
    if (this.ring === null || this.counters === null) return;
    const { written } = this.ring;
    if (Atomics.load(this.counters, 2) === (this.received | 0)) this.drain(written);
  }

  private post(message: FromRecorder): void {
    this.news.postMessage(message);
    if (this.counters !== null) Atomics.add(this.counters, 4, 1);
  }

  private drain(upTo: number): void {
    this.ring?.drain(upTo, (rows) => this.guard(() => this.recording?.addRows(rows)));
  }

  guard(work: () => void): void {
    if (this.failed) return;
    const startMs = performance.now();
    try {
      work();
    } catch (error) {
      this.fail(error);
    }
    if (this.counters !== null) Atomics.add(this.counters, 3, 1000 * (performance.now() - startMs));
  }

  fail(error: unknown): void {
    if (this.failed) return;
    this.failed = true;
    const reason = error instanceof Error ? error.message : String(error);
    try {
      this.recording?.abandon(reason);
    } catch {
      // The folder cannot be written at all; the report below is all that is left to do.
    }
    this.post({ type: "failed", message: reason });
  }
}

const port = parentPort;
if (port !== null) {
  const worker = new RecorderWorker((workerData as { readonly news: MessagePort }).news);
  process.on("uncaughtException", (error) => worker.fail(error));
  process.on("unhandledRejection", (error) => worker.fail(error));
  port.on("message", (message: ToRecorderInOrder) => worker.receive(message));
}
