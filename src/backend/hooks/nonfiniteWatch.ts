import type { Activation } from "./activations.js";
import type { BackendLike, LayerLike, TensorLike } from "./tensorflow.js";
import type { TensorReader } from "./tensorReader.js";

export interface Nonfinite {
  readonly where: "input" | "output" | "weight";
  readonly series: number;
  /** The layer's weight that is bad, by its place in `layer.weights`. */
  readonly weight: number | null;
  readonly channel: number | null;
  readonly nanCount: number;
  readonly infCount: number;
}

interface Held {
  readonly where: "input" | "output";
  readonly series: number;
  readonly layer: LayerLike;
  readonly tensor: TensorLike;
  readonly keeper: BackendLike;
}

/**
 * Finds the first place of a pass that holds NaN or Inf, at next to no cost in healthy steps: outputs that are not
 * measured are kept alive to the end of the forward pass, and looked into only if the loss is bad.
 */
export class NonfiniteWatch {
  private readonly held: Held[] = [];
  private first: Nonfinite | null = null;

  constructor(
    private readonly reader: TensorReader,
    /** Called while the layer's call is on the stack, so that a debugger stops there. */
    private readonly onFirst: (found: Nonfinite) => void,
  ) {}

  hold(where: "input" | "output", series: number, layer: LayerLike, tensor: TensorLike): void {
    if (tensor.dtype !== "float32") return;
    const keeper = this.reader.keep(tensor.dataId);
    if (keeper !== null) this.held.push({ where, series, layer, tensor, keeper });
  }

  /** A measured output needs no keeping. */
  measured(series: number, layer: LayerLike, { own }: Activation): void {
    if (this.first !== null || own === null || own.result === null) return;
    const { nanCount, infCount, firstNonfiniteChannel } = own.result.measured;
    if (nanCount + infCount === 0) return;
    const found = {
      where: "output",
      series,
      weight: null,
      channel: firstNonfiniteChannel,
      nanCount,
      infCount,
    } as const;
    this.first = this.badWeight(series, layer) ?? found;
    this.onFirst(this.first);
  }

  /** End of a forward pass: lets everything go; the first bad place, looked for only when `lossIsBad`. */
  release(lossIsBad: boolean): Nonfinite | null {
    let found = this.first;
    for (const held of this.held) {
      if (lossIsBad && (found === null || held.series < found.series)) found = this.inspectHeld(held) ?? found;
      this.reader.release(held.tensor.dataId, held.keeper);
    }
    this.held.length = 0;
    this.first = null;
    return found;
  }

  private inspectHeld({ where, series, layer, tensor }: Held): Nonfinite | null {
    const counts = this.inspect(tensor);
    if (counts === null) return null;
    return (where === "output" ? this.badWeight(series, layer) : null) ?? { where, series, weight: null, ...counts };
  }

  /** A layer whose weights are bad is not to blame for its output. */
  private badWeight(series: number, layer: LayerLike): Nonfinite | null {
    for (const [weight, { val }] of layer.weights.entries()) {
      const counts = val === undefined || val.isDisposed === true ? null : this.inspect(val);
      if (counts !== null) return { where: "weight", series, weight, ...counts };
    }
    return null;
  }

  private inspect(tensor: TensorLike): Pick<Nonfinite, "channel" | "nanCount" | "infCount"> | null {
    const values = this.reader.values(tensor);
    if (values === null) return null;
    const channels = tensor.shape.length === 0 ? 1 : (tensor.shape.at(-1) ?? 1);
    let nanCount = 0;
    let infCount = 0;
    let channel: number | null = null;
    for (let at = 0; at < values.length; at++) {
      const value = values[at] as number;
      if (Number.isFinite(value)) continue;
      channel ??= at % channels;
      if (Number.isNaN(value)) nanCount++;
      else infCount++;
    }
    return channel === null ? null : { channel, nanCount, infCount };
  }
}
