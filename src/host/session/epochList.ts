import type { EpochMetrics } from "../../protocol/views.js";
import type { RunEvent } from "../../run/format.js";

/** The epochs that have ended, with what was logged at their ends. A new list is made for each change. */
export class EpochList {
  all: readonly EpochMetrics[] = [];

  /** False where none is among the events. */
  add(events: readonly RunEvent[]): boolean {
    const fresh = events.flatMap((event) => {
      if (event.type !== "epoch") return [];
      const { epoch, step, logs, timeMs } = event;
      return [{ epoch, step, logs, timeMs }];
    });
    if (fresh.length > 0) this.all = [...this.all, ...fresh];
    return fresh.length > 0;
  }
}
