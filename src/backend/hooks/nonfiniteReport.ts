import type { BadGradient } from "./gradientWatch.js";
import type { LayerCatalogue } from "./layerCatalogue.js";
import type { Nonfinite } from "./nonfiniteWatch.js";
import type { Sink } from "./sink.js";

/** Tells the run where NaN or Inf was first, once. */
export class NonfiniteReport {
  isMade = false;

  /**
   * @param begin opens the run, which then knows every layer
   * @param onAnomaly called once it is told; null: nobody waits for it
   */
  constructor(
    private readonly catalogue: LayerCatalogue,
    private readonly begin: () => Sink,
    private readonly onAnomaly: (() => void) | null,
  ) {}

  /** While the layer's call is on the stack: whoever looks while the debugger stands there wants to read which layer it is. */
  inCall(step: number, found: Nonfinite): void {
    if (this.onAnomaly === null || this.isMade) return;
    this.inPass(step, found, null);
    this.stop(this.onAnomaly);
  }

  /** A forward pass has returned. */
  inPass(step: number, first: Nonfinite | null, loss: number | null): void {
    if (this.isMade) return;
    const sink = this.open();
    const layer = first === null ? null : this.catalogue.layers[first.series];
    sink.event(step, {
      type: "nonfinite",
      where: first?.where ?? "loss",
      layer: first?.series ?? null,
      weight: typeof first?.weight === "number" ? (layer?.weights[first.weight] ?? null) : null,
      channel: first?.channel ?? null,
      nanCount: first?.nanCount ?? (Number.isNaN(loss) ? 1 : 0),
      infCount: first?.infCount ?? (Number.isNaN(loss) ? 0 : 1),
    });
  }

  inGradient(step: number, bad: BadGradient): void {
    this.open().event(step, { type: "nonfinite", where: "gradient", channel: null, ...bad });
    if (this.onAnomaly !== null) this.stop(this.onAnomaly);
  }

  private open(): Sink {
    this.isMade = true;
    return this.begin();
  }

  private stop(onAnomaly: () => void): void {
    this.begin().flush();
    onAnomaly();
  }
}
