import type { Activation } from "./activations.js";
import type { TensorLike } from "./tensorflow.js";
import type { TensorReader } from "./tensorReader.js";

export interface Nonfinite {
  readonly series: number;
  readonly channel: number | null;
  readonly nanCount: number;
  readonly infCount: number;
}

/**
 * Finds the first layer of a pass whose output holds NaN or Inf, at next to no cost in healthy steps:
 * outputs that are not measured are kept alive to the end of the forward pass, and looked into only if the loss is bad.
 */
export class NonfiniteWatch {
  private readonly held: { readonly series: number; readonly tensor: TensorLike; readonly release: () => void }[] = [];
  private first: Nonfinite | null = null;

  constructor(private readonly reader: TensorReader) {}

  hold(series: number, output: TensorLike): void {
    if (output.dtype !== "float32") return;
    const release = this.reader.pin(output);
    if (release !== null) this.held.push({ series, tensor: output, release });
  }

  /** A measured output needs no keeping. */
  measured(series: number, { row, firstNonfiniteChannel }: Activation): void {
    const { nanCount = 0, infCount = 0 } = row;
    if (this.first !== null || nanCount + infCount === 0) return;
    this.first = { series, channel: firstNonfiniteChannel, nanCount, infCount };
  }

  /** End of a forward pass: lets everything go; the first bad output, looked for only when `lossIsBad`. */
  release(lossIsBad: boolean): Nonfinite | null {
    let found = this.first;
    for (const { series, tensor, release } of this.held) {
      if (lossIsBad && (found === null || series < found.series)) found = this.inspect(series, tensor) ?? found;
      release();
    }
    this.held.length = 0;
    this.first = null;
    return found;
  }

  private inspect(series: number, tensor: TensorLike): Nonfinite | null {
    const values = this.reader.values(tensor);
    if (values === null) return null;
    const channels = tensor.shape.length < 2 ? 1 : (tensor.shape.at(-1) ?? 1);
    let nanCount = 0;
    let infCount = 0;
    let channel: number | null = null;
    values.forEach((value, at) => {
      if (Number.isFinite(value)) return;
      channel ??= at % channels;
      if (Number.isNaN(value)) nanCount++;
      else infCount++;
    });
    return channel === null ? null : { series, channel, nanCount, infCount };
  }
}
