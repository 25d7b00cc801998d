import type { ColumnBatch } from "../../run/columnBatch.js";
import type { LayerInfo } from "../../run/format.js";
import { RunHistory } from "../../run/runHistory.js";
import type { RunPoll } from "../../run/runReader.js";
import { LastRows } from "./lastRows.js";
import { memoryText, parseMemory, type SessionMemory } from "./sessionMemory.js";
import { StepClock } from "./stepClock.js";

export interface RunRowsLimits {
  /** What the overview of the series may take in memory; absent: the default of `RunHistory`. */
  readonly budgetBytes?: number;
  /** From how many bytes on a run is shown before it has been read; absent: the default of `RunHistory`. */
  readonly longRunBytes?: number;
}

/** What the rows of a run have told so far: its series, the newest numbers, when steps happened. */
export class RunRows {
  private current: RunHistory;
  private readonly readLast = new LastRows();
  private readonly readClock = new StepClock();
  /** What is known of a long run at once, until all of its rows have been read. */
  private preview: { readonly last: LastRows; readonly clock: StepClock } | null = null;

  constructor(
    private readonly folder: string,
    private readonly limits: RunRowsLimits,
  ) {
    this.current = new RunHistory(folder, limits.budgetBytes);
  }

  get history(): RunHistory {
    return this.current;
  }

  get last(): LastRows {
    return this.preview?.last ?? this.readLast;
  }

  get clock(): StepClock {
    return this.preview?.clock ?? this.readClock;
  }

  /** True while a sample stands for a long run's rows. */
  get isReading(): boolean {
    return this.preview !== null;
  }

  setLayers(layers: readonly LayerInfo[]): void {
    this.readLast.setLayers(layers);
  }

  poll(maxBytes: number): RunPoll {
    return this.current.poll(maxBytes);
  }

  /** Layers that got new numbers, and whether there were steps among the rows. */
  add(batches: readonly ColumnBatch[]): { readonly touched: ReadonlySet<number>; readonly hasSteps: boolean } {
    const touched = new Set<number>();
    let hasSteps = false;
    for (const batch of batches) {
      if (batch.table === "steps" && this.readClock.add(batch)) hasSteps = true;
      for (const layer of this.readLast.add(batch)) touched.add(layer);
    }
    return { touched, hasSteps };
  }

  /** All has been read. True where a sample stood for it until now. */
  complete(): boolean {
    const wasReading = this.isReading;
    this.preview = null;
    return wasReading;
  }

  clear(): void {
    this.readLast.clear();
    this.readClock.clear();
  }

  /** Goes on from what was kept beside an ended run; null where that cannot be used, and the rows must be read. */
  restore(): SessionMemory | null {
    const memory = parseMemory(this.current.restore());
    if (memory === null) {
      this.current = new RunHistory(this.folder, this.limits.budgetBytes);
      return null;
    }
    this.readClock.restore(memory.clock);
    this.readLast.restore(memory.last);
    return memory;
  }

  save(told: Omit<SessionMemory, "clock" | "last">): void {
    const memory = { clock: this.readClock.state(), last: this.readLast.state(), ...told };
    this.current.save(memoryText(memory), this.limits.longRunBytes);
  }

  /** A picture of a long run before all of it is read. */
  lookAhead(layers: readonly LayerInfo[]): void {
    const last = new LastRows();
    const clock = new StepClock();
    last.setLayers(layers);
    const isLong = this.current.startPreview((batch) => {
      if (batch.table === "steps") clock.add(batch);
      last.add(batch);
    }, this.limits.longRunBytes);
    if (isLong) this.preview = { last, clock };
  }
}
