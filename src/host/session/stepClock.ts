import type { ClockState } from "../../protocol/lookout.js";
import { type ColumnBatch, isPresent } from "../../run/columnBatch.js";

const kept = 64;

/** When the last steps happened, how long they took, and the newest loss. */
export class StepClock {
  /** Milliseconds since the run's start, oldest first. */
  readonly timesMs: number[] = [];
  steps = 0;
  firstStep: number | null = null;
  loss: number | null = null;

  state(): ClockState {
    const { timesMs, steps, firstStep, loss } = this;
    return { timesMs: [...timesMs], steps, firstStep, loss };
  }

  restore({ timesMs, steps, firstStep, loss }: ClockState): void {
    this.timesMs.splice(0, this.timesMs.length, ...timesMs);
    this.steps = steps;
    this.firstStep = firstStep;
    this.loss = loss;
  }

  clear(): void {
    this.timesMs.length = 0;
    this.steps = 0;
    this.firstStep = null;
    this.loss = null;
  }

  /** Batches of the table `steps`. True where the newest step advanced. */
  add(batch: ColumnBatch): boolean {
    if (batch.length === 0) return false;
    const newest = batch.steps[batch.length - 1] as number;
    this.firstStep = Math.min(this.firstStep ?? Number.POSITIVE_INFINITY, batch.steps[0] as number);
    const times = batch.scalar("timeMs");
    const losses = batch.scalar("loss");
    for (let at = Math.max(0, batch.length - kept); at < batch.length; at++) {
      if (times !== null && isPresent(times.valid, at)) this.addTime(times.values[at] as number);
      if (losses !== null && isPresent(losses.valid, at)) this.loss = losses.values[at] as number;
    }
    if (this.timesMs.length > kept) this.timesMs.splice(0, this.timesMs.length - kept);
    const advanced = newest > this.steps;
    this.steps = Math.max(this.steps, newest);
    return advanced;
  }

  /** Where the clock was set back, what came before cannot be compared with what follows. */
  private addTime(timeMs: number): void {
    if (timeMs < (this.timesMs.at(-1) ?? timeMs)) this.timesMs.length = 0;
    this.timesMs.push(timeMs);
  }

  get medianStepMs(): number | null {
    const gaps = this.timesMs
      .slice(1)
      .map((time, at) => time - (this.timesMs[at] as number))
      .sort((a, b) => a - b);
    return gaps[gaps.length >> 1] ?? null;
  }
}
