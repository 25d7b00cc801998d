import type { BackendLike, BatchNormalizationLike, EngineLike } from "../hooks/tensorflow.js";
import type { BatchNormCall } from "../hooks/trainingStep.js";
import type { BatchNormKernel } from "./batchNormKernel.js";
import { batchNormKernel, perBackend } from "./batchNormKernels.js";
import { backendOf, type FastEngine, isFastEngine, type Tensor } from "./fastEngine.js";
import { FusedBatchNorm, obstacle } from "./fusedBatchNorm.js";
import { type SideTimes, sideMeasurement } from "./sideMeasurement.js";

/** Milliseconds of a training step, and of the BatchNorm layers in it: as they are, and in fused kernels. */
export interface Forecast {
  readonly stepMs: number;
  readonly batchNormMs: number;
  readonly fusedMs: number;
}

/** BatchNorm calls of one shape. */
interface Subject {
  readonly layer: BatchNormalizationLike;
  readonly shape: readonly number[];
  readonly size: number;
  calls: number;
  readonly samples: SideTimes[];
}

/** Of the training's time, how much may go to finding out. */
const affordableShare = 0.001;
/** The first steps compile and allocate. */
const warmUpSteps = 3;
/** Its own cost counts too: the steps in between are only timed. */
const lookEverySteps = 8;
/** Of each shape. The least disturbed one counts, so that one is not enough to tell. */
const fewestSamples = 2;
const mostSamples = 4;
/** The first sample, of the smallest shape: the kernel is made. It takes about so much of a step. */
const firstSampleShare = 0.5;
/** Shapes that are less than this of BatchNorm's values (the last batch of an epoch) are not looked at. */
const smallShare = 0.03;
/** Step times that are kept. */
const remembered = 64;

/**
 * Finds out in a running training what fused BatchNorm would bring. Between two steps, whenever a thousandth of the
 * training's time has paid for it, one layer's training call and its gradient run on arrays of the same shape, by
 * tfjs's own code and by the fused kernels. Nothing of the script is read or written, and all that is made is disposed of.
 */
export class FastForecast {
  /** What the samples have cost. */
  private spentMs = 0;
  private elapsedMs = 0;
  private steps = 0;
  private looks = 0;
  private readonly stepTimes: number[] = [];
  private readonly subjects = new Map<string, Subject>();
  private readonly kernelOf: (backend: BackendLike | null) => BatchNormKernel | null;
  private readonly fused: FusedBatchNorm;
  private told = 0;
  /** There is nothing more to find out. */
  isOver = false;

  private constructor(
    private readonly engine: FastEngine,
    private readonly share: number,
  ) {
    // Only to be timed; before it trains anything it proves itself.
    this.kernelOf = perBackend((backend) => batchNormKernel(engine, backend));
    this.fused = new FusedBatchNorm(engine, (x) => this.kernelOf(backendOf(engine, x)));
  }

  /** Null where there is no fast path. */
  static create(engine: EngineLike, share = affordableShare): FastForecast | null {
    return isFastEngine(engine) ? new FastForecast(engine, share) : null;
  }

  /** Between two steps, of which the last took `bareMs`: the forecast when there is one, and when there is a better one. */
  stepEnded(
    bareMs: number,
    calls: Iterable<BatchNormCall>,
    inputShapeOf: (call: BatchNormCall) => readonly (number | null)[] | null | undefined,
  ): Forecast | null {
    if (this.isOver || ++this.steps <= warmUpSteps) return null;
    this.elapsedMs += bareMs;
    this.stepTimes[this.steps % remembered] = bareMs;
    if (this.steps % lookEverySteps !== 0) return null;
    this.looks++;
    for (const call of calls) this.count(call, inputShapeOf(call) ?? null);
    // Nothing can be afforded yet: not even looking for what is to be done.
    if (this.spentMs > this.elapsedMs * this.share) return null;
    const wanted = this.wanted();
    const next = wanted.reduce<Subject | null>(
      (least, each) => (least === null || each.samples.length < least.samples.length ? each : least),
      null,
    );
    if (next === null) return null;
    const complete = next.samples.length;
    if (complete >= fewestSamples && complete > this.told) {
      this.told = complete;
      this.isOver = complete >= mostSamples;
      return this.forecast(wanted);
    }
    if (this.spentMs + this.expectedMs(next, wanted, bareMs) > this.elapsedMs * this.share || this.isBusy())
      return null;
    const startMs = performance.now();
    try {
      const times = this.sample(next);
      if (times === null) this.isOver = true;
      else next.samples.push(times);
    } catch {
      // Not worth a word: the training does not depend on it.
      this.isOver = true;
    }
    this.spentMs += performance.now() - startMs;
    return null;
  }

  private count({ layer, statistics }: BatchNormCall, inputShape: readonly (number | null)[] | null): void {
    if (statistics === null || inputShape === null) return;
    const rest = inputShape.slice(1).map((length) => length ?? 1);
    const size = statistics.valuesPerChannel * statistics.mean.length;
    const shape = [size / rest.reduce((product, length) => product * length, 1), ...rest];
    const key = shape.join();
    const known = this.subjects.get(key) ?? { layer, shape, size, calls: 0, samples: [] };
    this.subjects.set(key, known);
    known.calls++;
  }

  /** Shapes that matter, the smallest first. */
  private wanted(): Subject[] {
    const all = [...this.subjects.values()].filter(({ shape }) => Number.isInteger(shape[0]));
    const total = all.reduce((sum, { size, calls }) => sum + size * calls, 0);
    return all.filter(({ size, calls }) => size * calls >= smallShare * total).sort((a, b) => a.size - b.size);
  }

  /** No more than in proportion to a smaller one. */
  private expectedMs(next: Subject, wanted: readonly Subject[], bareMs: number): number {
    const known = wanted.filter(({ samples }) => samples.length > 0);
    const [like] = known.includes(next) ? [next] : known.slice(-1);
    if (like === undefined) return bareMs * firstSampleShare;
    const ms = Math.min(...like.samples.map(({ totalMs }) => totalMs));
    return ms * Math.max(1, next.size / like.size);
  }

  /** The script looks at what the engine does, or is in the middle of something. */
  private isBusy(): boolean {
    const { gradientDepth, kernelDepth = 0, profiling = false } = this.engine.state;
    return gradientDepth > 0 || kernelDepth > 0 || profiling;
  }

  /** Null where the layer would not be served, or nothing can be measured. */
  private sample({ layer, shape }: Subject): SideTimes | null {
    const { engine, fused } = this;
    return sideMeasurement(engine, layer, shape, (standIn, x: Tensor) => {
      const kernel = this.kernelOf(backendOf(engine, x));
      if (kernel === null || obstacle(engine, layer, x) !== null) return null;
      return kernel.serves(x.size / (x.shape.at(-1) ?? 1)) ? () => fused.train(standIn, x, kernel) : null;
    });
  }

  private forecast(subjects: readonly Subject[]): Forecast {
    const perStep = (time: (times: SideTimes) => number): number =>
      subjects.reduce((sum, { samples, calls }) => {
        return sum + Math.min(...samples.map(time)) * (calls / this.looks);
      }, 0);
    // Samples are the least disturbed of some, so is the step.
    const sorted = this.stepTimes.filter((ms) => ms !== undefined).sort((a, b) => a - b);
    const stepMs = sorted[Math.floor(sorted.length / 4)] ?? Number.NaN;
    return { stepMs, batchNormMs: perStep(({ normalMs }) => normalMs), fusedMs: perStep(({ fusedMs }) => fusedMs) };
  }
}
