import type { FastTraining } from "../fast/fastTraining.js";
import { type BatchStatistics, tapBatchStatistics } from "./batchNormTap.js";
import type { Guard } from "./guard.js";
import type { LayerCatalogue } from "./layerCatalogue.js";
import type { Observer } from "./observer.js";
import { callerPosition } from "./sourcePosition.js";
import { isBatchNormalization, isContainer, isTensor, type LayerLike, type TensorLike } from "./tensorflow.js";

type Apply = LayerLike["apply"];

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
  guard: Guard,
  inBundle: boolean,
): void {
  Object.defineProperty(layerClass.prototype, "_callHook", {
    configurable: true,
    get: () => undefined,
    set(this: LayerLike, value: unknown) {
      Object.defineProperty(this, "_callHook", { value, writable: true, enumerable: true, configurable: true });
      guard.run(() => catalogue.created(this, callerPosition(classNames(this), inBundle)));
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

/** Sees every call of a layer, and measures those that belong to a training pass. */
export function watchCalls(
  layerClass: LayerClass,
  observer: () => Observer | null,
  guard: Guard,
  fast: () => FastTraining | null = () => null,
): void {
  const original: Apply = layerClass.prototype.apply;
  const roots: LayerLike[] = [];
  layerClass.prototype.apply = function apply(this: LayerLike, inputs: unknown, kwargs?: unknown): unknown {
    const step = observer()?.pass ?? null;
    if (step === null || firstTensor(inputs) === null) return original.call(this, inputs, kwargs);
    const watching = observer() as Observer;
    roots.push(this);
    try {
      const before = guard.run(() => beforeCall(watching, this, roots, kwargs, inputs));
      if (before === undefined || before === null) return original.call(this, inputs, kwargs);
      const call = (): unknown => original.call(this, inputs, kwargs);
      const taken = (statistics: BatchStatistics): void => {
        guard.run(() => {
          if (isBatchNormalization(this)) step.normalized(before.index, this, before.root, statistics);
        });
      };
      const tapped = (): unknown => tapBatchStatistics(watching.engine, watching.tensors, call, taken);
      const fused = fast();
      const output = !before.tap ? call() : fused === null ? tapped() : fused.callBatchNorm(this, taken, tapped);
      guard.run(() => afterCall(watching, this, before, inputs, output));
      return output;
    } finally {
      roots.pop();
    }
  };
}

interface BeforeCall {
  readonly index: number;
  readonly root: LayerLike;
  readonly tap: boolean;
}

/** Null for containers: their outputs are their layers' outputs. */
function beforeCall(
  observer: Observer,
  layer: LayerLike,
  roots: readonly LayerLike[],
  kwargs: unknown,
  inputs: unknown,
): BeforeCall | null {
  const startMs = performance.now();
  const { pass, catalogue } = observer;
  const training = isTraining(kwargs);
  if (pass === null) return null;
  if (roots.length === 1) catalogue.register(layer);
  const root = catalogue.rootOf(roots[0] ?? layer);
  if (roots.length === 1) {
    pass.batchSize ??= firstTensor(inputs)?.shape[0] ?? null;
    if (training) pass.trainedRoots.add(root);
  }
  if (isContainer(layer)) return null;
  const index = pass.nextCall(layer);
  const tap = training && isBatchNormalization(layer);
  if (tap) observer.rowWriter.rememberInitial(layer);
  observer.spent(startMs);
  return { index, root, tap };
}

function afterCall(observer: Observer, layer: LayerLike, before: BeforeCall, inputs: unknown, output: unknown): void {
  const startMs = performance.now();
  const result = firstTensor(output);
  const inputList = Array.isArray(inputs) ? inputs : [inputs];
  const input = inputList.length === 1 ? firstTensor(inputs) : null;
  if (result !== null) observer.pass?.called(before.index, layer, before.root, input, result);
  observer.spent(startMs);
}

function isTraining(kwargs: unknown): boolean {
  return typeof kwargs === "object" && kwargs !== null && "training" in kwargs && Boolean(kwargs.training);
}

/** Layers take and give one tensor or a list; symbolic tensors have no data. */
function firstTensor(value: unknown): TensorLike | null {
  const first: unknown = Array.isArray(value) ? value[0] : value;
  return isTensor(first) ? first : null;
}
