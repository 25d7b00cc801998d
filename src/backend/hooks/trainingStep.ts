import { type Activation, type ActivationRoom, Activations } from "./activations.js";
import type { BatchStatistics } from "./batchNormTap.js";
import type { KernelTap } from "./kernelTap.js";
import type { LayerCatalogue, Part } from "./layerCatalogue.js";
import { isNormalizing } from "./layerKind.js";
import { type Level, level } from "./level.js";
import { type Nonfinite, NonfiniteWatch } from "./nonfiniteWatch.js";
import type { BatchNormalizationLike, LayerLike, TensorLike } from "./tensorflow.js";
import type { TensorKernels } from "./tensorKernels.js";
import { fewValues, type TensorReader } from "./tensorReader.js";

/** One call of a layer in the training passes of a step. */
export interface LayerCall {
  readonly index: number;
  readonly layer: LayerLike;
  /** The outermost layer of the call: a model, or the layer itself. */
  readonly root: LayerLike;
  readonly activation: Activation | null;
}

/** What the last pass of a step left at a BatchNorm layer. */
export interface BatchNormCall extends LayerCall {
  readonly layer: BatchNormalizationLike;
  /** Null when the layer was called without `training: true`. */
  readonly statistics: BatchStatistics | null;
}

/**
 * Everything that happens between two updates: one forward pass, or several when gradients are accumulated.
 * Holds numbers only; tensors are read while the layer's call is on the stack.
 */
export class TrainingStep {
  readonly calls = new Map<number, LayerCall>();
  readonly batchNorms = new Map<number, BatchNormCall>();
  /** Outermost layers called with `training: true` at least once. */
  readonly trainedRoots = new Set<LayerLike>();
  readonly losses: number[] = [];
  /** Training calls of each BatchNorm layer in this step: each of them moves its running statistics. */
  readonly passes = new Map<LayerLike, number>();
  batchSize: number | null = null;
  private readonly callCounts = new Map<LayerLike, number>();
  /** Of the pass; made when something is measured. */
  private activations: Activations | null = null;
  /** Outputs of which a helper has not told yet what they are. */
  private readonly unsettled: { readonly index: number; readonly layer: LayerLike; readonly activation: Activation }[] =
    [];
  private isFirstCall = true;
  /** Something of this pass is not finite, though the loss may be: losses clip, and some kernels drop NaN. */
  isSuspicious = false;
  readonly watch: NonfiniteWatch;

  constructor(
    readonly level: Level,
    private readonly catalogue: LayerCatalogue,
    private readonly reader: TensorReader,
    private readonly kernels: TensorKernels,
    private readonly kernelTap: KernelTap,
    private readonly roomOf: (series: number) => ActivationRoom,
    onNonfinite: (found: Nonfinite) => void,
    /** What is measured is wanted before the layer's call returns. */
    private readonly atOnce: boolean,
  ) {
    this.watch = new NonfiniteWatch(reader, onNonfinite);
  }

  /** A forward pass begins; calls are numbered afresh. */
  passBegins(): void {
    if (this.callCounts.size > 0) this.callCounts.clear();
    this.isFirstCall = true;
    this.isSuspicious = false;
    this.activations = null;
  }

  /** Before a pass's gradients go back to the script: everything is known, and no tensor kept any more. */
  settle(): void {
    this.kernels.settle();
    for (const { index, layer, activation } of this.unsettled) this.watch.measured(index, layer, activation);
    this.unsettled.length = 0;
  }

  /** Number of the series that the layer's next call in this pass belongs to; null for one too many. */
  nextCall(layer: LayerLike): number | null {
    const call = (this.callCounts.get(layer) ?? 0) + 1;
    this.callCounts.set(layer, call);
    return this.catalogue.indexOf(layer, call);
  }

  /** A layer has returned: what it made is measured while it is still in the cache. */
  called(
    index: number,
    layer: LayerLike,
    root: LayerLike,
    inputs: readonly TensorLike[],
    outputs: readonly TensorLike[],
  ): void {
    const [output] = outputs;
    const input = inputs.length === 1 ? (inputs[0] ?? null) : null;
    if (!this.catalogue.isRefreshed(index)) {
      this.catalogue.refresh(layer, index, shapeOf(input), shapeOf(output ?? null));
    }
    this.catalogue.checkFlags(layer);
    const config = this.catalogue.layers[index]?.config ?? {};
    const activation = this.isMeasured
      ? this.measuring.measure(input, output ?? null, config, this.roomOf(index))
      : null;
    this.calls.set(index, { index, layer, root, activation });
    if (isNormalizing(layer) && !this.batchNorms.has(index)) {
      this.batchNorms.set(index, { index, layer, root, activation, statistics: null });
    }
    if (this.isFirstCall) for (const tensor of inputs) this.watch.hold("input", index, layer, tensor);
    this.isFirstCall = false;
    if (output !== undefined) this.watchOutput(index, layer, output, activation);
    if (inputs.length > 1) {
      for (const [place, tensor] of inputs.entries()) this.partOf(index, "input", place, tensor);
    }
    for (let place = 1; place < outputs.length; place++) {
      this.partOf(index, "output", place, outputs[place] as TensorLike);
    }
  }

  /** One of several inputs or outputs: a series of its own. */
  private partOf(of: number, part: Part, place: number, tensor: TensorLike): void {
    const whole = this.calls.get(of);
    const index = this.catalogue.partOf(of, part, place, shapeOf(tensor));
    if (whole === undefined || index === null) return;
    const activation = this.isMeasured ? this.measuring.part(tensor, this.roomOf(index)) : null;
    this.calls.set(index, { ...whole, index, activation });
    if (part === "output") this.watchOutput(index, whole.layer, tensor, activation);
  }

  private watchOutput(index: number, layer: LayerLike, output: TensorLike, activation: Activation | null): void {
    if (activation !== null) {
      if (activation.own?.result === null) this.unsettled.push({ index, layer, activation });
      else this.watch.measured(index, layer, activation);
      return;
    }
    this.watch.hold("output", index, layer, output);
    if (this.catalogue.isModelOutput(index, layer)) this.isSuspicious ||= this.hasNonfinite(output);
  }

  private get measuring(): Activations {
    this.activations ??= new Activations(this.reader, this.kernels, this.kernelTap, this.level, this.atOnce);
    return this.activations;
  }

  private get isMeasured(): boolean {
    return this.level >= level.scalars;
  }

  /** A BatchNorm layer has normalised with its batch's own statistics. */
  normalized(index: number, layer: BatchNormalizationLike, root: LayerLike, statistics: BatchStatistics): void {
    this.isSuspicious ||= !areFinite(statistics.variance);
    this.batchNorms.set(index, { index, layer, root, activation: null, statistics });
    this.passes.set(layer, (this.passes.get(layer) ?? 0) + 1);
  }

  private hasNonfinite(tensor: TensorLike): boolean {
    if (tensor.size <= fewValues) return this.reader.areFinite(tensor) === false;
    return (this.kernels.norm(tensor)?.nonfinite ?? 0) > 0;
  }

  /** Mean over the passes of the step; null when the loss was no number. */
  get loss(): number | null {
    if (this.losses.length === 0) return null;
    return this.losses.reduce((sum, loss) => sum + loss, 0) / this.losses.length;
  }
}

function areFinite(values: Float64Array): boolean {
  for (let at = 0; at < values.length; at++) if (!Number.isFinite(values[at])) return false;
  return true;
}

/** With null for the batch; null where there is no tensor. */
function shapeOf(tensor: TensorLike | null): (number | null)[] | null {
  return tensor === null
    ? null
    : tensor.shape.map((size, axis) => (axis === 0 && tensor.shape.length > 1 ? null : size));
}
