import type { ViewAxis } from "../../src/protocol/views.js";
import { Emitter } from "../shared/emitter.js";

export interface StepRange {
  readonly from: number;
  readonly to: number;
}

/** `cursor`: wherever it stands, the pointer included; `pin`: where the user has put it. */
export type ViewportChange = "range" | "cursor" | "pin" | "extent" | "scale";

const narrowestSteps = 4;

/** What all charts of a view share: the range of steps (or of whatever the axis counts), the cursor, the scale. */
export class Viewport {
  readonly changes = new Emitter<ViewportChange>();
  private chosenRange: StepRange | null = null;
  private pinnedStep: number | null = null;
  private hoveredStep: number | null = null;
  private newestStep = 0;
  private unit: ViewAxis = "step";
  /** Step at which each epoch ended, the first one first. */
  epochEnds: readonly number[] = [];
  logarithmic = false;
  /** Weight of the past in the moving average, 0 = off. */
  smoothing = 0;
  robust = true;

  /** Null: live, that is the whole run up to the newest step. */
  get range(): StepRange | null {
    return this.chosenRange;
  }

  get shown(): StepRange {
    return this.chosenRange ?? { from: 0, to: Math.max(1, this.newestStep) };
  }

  /** What the horizontal axis counts; everything that is called a step here is a place on it. */
  get axis(): ViewAxis {
    return this.unit;
  }

  /** Another axis has other places: range and cursor are given up. */
  setAxis(axis: ViewAxis): void {
    this.unit = axis;
    this.newestStep = 0;
    this.goLive();
  }

  get newest(): number {
    return this.newestStep;
  }

  /** Where the cursor stands: pinned, or under the pointer; null = at the newest step. */
  get cursor(): number | null {
    return this.hoveredStep ?? this.pinnedStep;
  }

  get pinned(): number | null {
    return this.pinnedStep;
  }

  get isLive(): boolean {
    return this.chosenRange === null && this.pinnedStep === null;
  }

  extend(newestStep: number): void {
    if (newestStep === this.newestStep) return;
    this.newestStep = newestStep;
    this.changes.emit("extent");
  }

  zoomTo(range: StepRange | null): void {
    this.chosenRange = range === null ? null : this.clamp(range);
    this.changes.emit("range");
  }

  /** `factor` < 1 zooms in; `around` stays where it is. */
  zoomBy(factor: number, around: number): void {
    const { from, to } = this.shown;
    this.zoomTo({ from: around - (around - from) * factor, to: around + (to - around) * factor });
  }

  panBy(steps: number): void {
    const { from, to } = this.shown;
    const shift = Math.min(Math.max(steps, -from), Math.max(0, this.newestStep - to));
    this.zoomTo({ from: from + shift, to: to + shift });
  }

  hover(step: number | null): void {
    if (step === this.hoveredStep) return;
    this.hoveredStep = step;
    this.changes.emit("cursor");
  }

  pin(step: number | null): void {
    this.pinnedStep = step === null ? null : Math.min(Math.max(0, Math.round(step)), this.newestStep);
    this.hoveredStep = null;
    this.changes.emit("cursor");
    this.changes.emit("pin");
  }

  goLive(): void {
    this.pinnedStep = null;
    this.hoveredStep = null;
    this.chosenRange = null;
    this.changes.emit("range");
    this.changes.emit("cursor");
    this.changes.emit("pin");
  }

  setScale(change: Partial<Pick<Viewport, "logarithmic" | "smoothing" | "robust">>): void {
    Object.assign(this, change);
    this.changes.emit("scale");
  }

  private clamp({ from, to }: StepRange): StepRange | null {
    const last = Math.max(1, this.newestStep);
    const low = Math.max(0, Math.round(Math.min(from, to)));
    const high = Math.min(last, Math.round(Math.max(from, to)));
    if (low <= 0 && high >= last) return null;
    const width = Math.max(narrowestSteps, high - low);
    const start = Math.max(0, Math.min(low, last - width));
    return { from: start, to: Math.min(last, start + width) };
  }
}
