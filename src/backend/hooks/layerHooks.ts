import type { FastTraining } from "../fast/fastTraining.js";
import type { ProbePass } from "../probes/probePass.js";
import { type BatchStatistics, tapBatchStatistics } from "./batchNormTap.js";
import type { Guard } from "./guard.js";
import type { LayerCatalogue } from "./layerCatalogue.js";
import { isNormalizing, kindOf } from "./layerKind.js";
import { loadingPosition } from "./modelLoading.js";
import type { Observer } from "./observer.js";
import { callerPosition } from "./sourcePosition.js";
import { isTensor, type LayerLike, type TensorLike } from "./tensorflow.js";
import type { TrainingStep } from "./trainingStep.js";

/** A class whose instances are layers; `prototype` is shared by every layer of one copy of tfjs-layers. */
export interface LayerClass {
  readonly prototype: LayerLike & { _callHook?: unknown };
}

/**
 * Sees every layer at birth. `Layer`'s constructor assigns `_callHook` first of all, so a setter on the prototype is
 * called for each, custom classes included; the value then becomes the plain property it would have been.
 */
export function watchConstruction(
  layerClass: LayerClass,
  catalogue: LayerCatalogue,
  calls: CallWatch,
  guard: Guard,
  inBundle: boolean,
): void {
  Object.defineProperty(layerClass.prototype, "_callHook", {
    configurable: true,
    get: () => undefined,
    set(this: LayerLike, value: unknown) {
      Object.defineProperty(this, "_callHook", { value, writable: true, enumerable: true, configurable: true });
      guard.run(() => {
        calls.watchCall(this);
        catalogue.created(this, callerPosition(classNames(this), inBundle) ?? loadingPosition());
      });
    },
  });
}

/** The layer's own class and those it extends: their constructors are not where the layer was made. */
export function classNames(layer: LayerLike): string[] {
  const names: string[] = [];
  for (let prototype = Object.getPrototypeOf(layer); prototype !== null; prototype = Object.getPrototypeOf(prototype)) {
    names.push(prototype.constructor?.name ?? "");
  }
  return names;
}

type Call = (this: LayerLike, inputs: unknown, kwargs?: unknown) => unknown;

/** Sees every call of a layer, and measures those that belong to a training pass. */
export class CallWatch {
  /** Layers whose calls are under way, outermost first. */
  private readonly running: LayerLike[] = [];
  private readonly patched = new WeakSet<object>();

  constructor(
    private readonly observer: () => Observer | null,
    private readonly guard: Guard,
    private readonly fast: () => FastTraining | null = () => null,
  ) {}

  /** `apply` is the gate through which models and scripts call a layer. */
  watchApply({ prototype }: LayerClass): void {
    const around = this.around.bind(this);
    const original = prototype.apply;
    prototype.apply = function apply(this: LayerLike, inputs: unknown, kwargs?: unknown): unknown {
      return around(this, original, inputs, kwargs);
    };
  }

  /** Wrappers, recurrent and custom layers call their inner layers' `call` themselves: classes are met as layers are made. */
  watchCall(layer: LayerLike): void {
    this.fast()?.adoptLayer(layer);
    let prototype: object | null = Object.getPrototypeOf(layer);
    while (prototype !== null && prototype !== Object.prototype && !this.patched.has(prototype)) {
      this.patched.add(prototype);
      this.patchCall(prototype);
      prototype = Object.getPrototypeOf(prototype);
    }
  }

  private patchCall(prototype: object): void {
    const property = Object.getOwnPropertyDescriptor(prototype, "call");
    const original: unknown = property?.value;
    if (typeof original !== "function" || property?.writable !== true || property.configurable !== true) return;
    const { running } = this;
    const around = this.around.bind(this);
    const call = function call(this: LayerLike, inputs: unknown, kwargs?: unknown): unknown {
      // From this layer's own `apply`, or from the same method of a class that extends this one.
      if (running.at(-1) === this) return (original as Call).call(this, inputs, kwargs);
      return around(this, original as Call, inputs, kwargs);
    };
    Object.defineProperties(call, {
      name: { value: original.name, configurable: true },
      length: { value: original.length, configurable: true },
    });
    Object.defineProperty(prototype, "call", { ...property, value: call });
  }

  private around(layer: LayerLike, original: Call, inputs: unknown, kwargs: unknown): unknown {
    const watching = this.observer();
    if (watching === null) return original.call(layer, inputs, kwargs);
    const { pass: step, probes } = watching;
    const probe = probes === null ? null : probes.pass;
    if (probe !== null) return this.probed(watching, probe, layer, original, inputs, kwargs);
    if (step === null) return this.outside(watching, layer, original, inputs, kwargs);
    const startMs = watching.ownTime.clock();
    const given = tensorsOf(inputs);
    if (given.length === 0) return original.call(layer, inputs, kwargs);
    const { guard, running } = this;
    running.push(layer);
    try {
      const before = guard.run(() => beforeCall(watching, step, layer, running, kwargs, given));
      watching.ownTime.spent(startMs);
      if (before === undefined || before === null) return original.call(layer, inputs, kwargs);
      const output = before.tap
        ? this.tapped(watching, step, before, layer, original, inputs, kwargs)
        : original.call(layer, inputs, kwargs);
      const returnedMs = watching.ownTime.clock();
      guard.run(() => afterCall(step, layer, before, given, tensorsOf(output)));
      watching.ownTime.spent(returnedMs);
      return output;
    } finally {
      running.pop();
    }
  }

  /** A BatchNorm layer's training call. */
  private tapped(
    watching: Observer,
    step: TrainingStep,
    { index, root }: BeforeCall,
    layer: LayerLike,
    original: Call,
    inputs: unknown,
    kwargs: unknown,
  ): unknown {
    const taken = (statistics: BatchStatistics): void => {
      this.guard.run(() => {
        if (isNormalizing(layer)) step.normalized(index, layer, root, statistics);
      });
    };
    const call = (): unknown =>
      tapBatchStatistics(
        watching.kernelTap,
        watching.tensors,
        () => original.call(layer, inputs, kwargs),
        taken,
        watching.roomOf(index),
        watching.ownTime,
      );
    const fused = this.fast();
    return fused === null ? call() : fused.callBatchNorm(layer, taken, call);
  }

  /** Of no step. Only training calls of BatchNorm layers leave something behind. */
  private outside(watching: Observer, layer: LayerLike, original: Call, inputs: unknown, kwargs: unknown): unknown {
    if (!isTraining(kwargs) || !isNormalizing(layer) || tensorsOf(inputs).length === 0) {
      return original.call(layer, inputs, kwargs);
    }
    this.running.push(layer);
    try {
      this.guard.run(() => watching.rowWriter.trainedOutside(layer));
      return original.call(layer, inputs, kwargs);
    } finally {
      this.running.pop();
    }
  }

  private probed(
    { kernelTap, tensors }: Observer,
    probe: ProbePass,
    layer: LayerLike,
    original: Call,
    inputs: unknown,
    kwargs: unknown,
  ): unknown {
    const given = probe.kwargs(layer, kwargs);
    const call = (): unknown => original.call(layer, inputs, given);
    this.running.push(layer);
    try {
      const { normalized } = probe;
      if (normalized === null || !isNormalizing(layer) || !isTraining(given)) return call();
      const taken = (statistics: BatchStatistics): void => normalized(layer, statistics);
      const tapped = (): unknown => tapBatchStatistics(kernelTap, tensors, call, taken, []);
      const fused = this.fast();
      return fused === null ? tapped() : fused.callBatchNorm(layer, taken, tapped);
    } finally {
      this.running.pop();
    }
  }
}

interface BeforeCall {
  readonly index: number;
  readonly root: LayerLike;
  readonly tap: boolean;
}

/** Null for what has no series: containers, whose outputs are their layers' outputs, and calls beyond the limit. */
function beforeCall(
  observer: Observer,
  pass: TrainingStep,
  layer: LayerLike,
  running: readonly LayerLike[],
  kwargs: unknown,
  inputs: readonly TensorLike[],
): BeforeCall | null {
  const { catalogue } = observer;
  const kind = kindOf(layer);
  const training = isTraining(kwargs);
  const outermost = running[0] ?? layer;
  if (running.length === 1) catalogue.register(layer);
  else if (!catalogue.isPlaced(layer) && !kind.isPlainCell) {
    const host = running.findLast((one) => one !== layer && !kindOf(one).isPlainCell) ?? outermost;
    catalogue.registerInner(layer, host);
  }
  const root = catalogue.rootOf(outermost);
  if (running.length === 1) {
    pass.batchSize ??= inputs[0]?.shape[0] ?? null;
    if (training) pass.trainedRoots.add(root);
    if (training && kind.isContainer) observer.batchGiven(layer, inputs);
  }
  if (kind.isContainer || kind.isPlainCell) return null;
  const index = pass.nextCall(layer);
  if (index === null) return null;
  const tap = training && isNormalizing(layer);
  if (tap && !pass.passes.has(layer)) observer.rowWriter.rememberBefore(layer);
  return { index, root, tap };
}

function afterCall(
  step: TrainingStep,
  layer: LayerLike,
  { index, root }: BeforeCall,
  inputs: readonly TensorLike[],
  outputs: readonly TensorLike[],
): void {
  // States of a cell are its own outputs of one time step before.
  if (kindOf(layer).isCell) step.called(index, layer, root, inputs.slice(0, 1), outputs.slice(0, 1));
  else step.called(index, layer, root, inputs, outputs);
}

function isTraining(kwargs: unknown): boolean {
  return typeof kwargs === "object" && kwargs !== null && "training" in kwargs && Boolean(kwargs.training);
}

/** Layers take and give one tensor or a list; symbolic tensors have no data. */
function tensorsOf(value: unknown): TensorLike[] {
  if (isTensor(value)) return [value];
  return Array.isArray(value) ? value.filter(isTensor) : [];
}
