import { parentPort } from "node:worker_threads";
import type { FromRecorder, ToRecorder } from "../../protocol/recording.js";
import { RunRecording } from "./runRecording.js";

/**
 * The recorder worker. Whatever goes wrong here must not reach the script: the first failure is reported to the
 * training thread once, after which messages are dropped and flushes still answered.
 */
class RecorderWorker {
  private recording: RunRecording | null = null;
  private counters: Int32Array | null = null;
  private failed = false;

  constructor(private readonly post: (message: FromRecorder) => void) {}

  receive(message: ToRecorder): void {
    if (message.type === "start") {
      this.counters = new Int32Array(message.shared);
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
      this.guard(() => this.recording?.flush());
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

  guard(work: () => void): void {
    if (this.failed) return;
    try {
      work();
    } catch (error) {
      this.fail(error);
    }
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
  const worker = new RecorderWorker((message) => port.postMessage(message));
  process.on("uncaughtException", (error) => worker.fail(error));
  process.on("unhandledRejection", (error) => worker.fail(error));
  port.on("message", (message: ToRecorder) => worker.receive(message));
}
