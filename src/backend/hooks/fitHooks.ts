import type { Guard } from "./guard.js";
import type { Observer } from "./observer.js";
import { isTensor, type LayerLike } from "./tensorflow.js";

type Method = (this: LayerLike, ...parameters: unknown[]) => unknown;
export interface ModelClass {
  readonly prototype: object;
}
export interface HistoryClass {
  readonly prototype: { onEpochEnd(epoch: number, logs?: Record<string, unknown>): Promise<void> };
}

/** Wraps the methods of models that tell what the script is about to do. Each call goes on to the original, unchanged. */
export function watchModels(
  modelClass: ModelClass,
  observer: () => Observer | null,
  guard: Guard,
  onFit: (total: number | null, stepsPerEpoch: number | null) => void,
): void {
  const prototype = modelClass.prototype as Record<string, Method | undefined>;
  const before = (name: string, action: (model: LayerLike, parameters: readonly unknown[]) => void): void => {
    const original = Object.hasOwn(prototype, name) ? prototype[name] : undefined;
    if (original === undefined) return;
    prototype[name] = function (this: LayerLike, ...parameters: unknown[]): unknown {
      guard.run(() => action(this, parameters));
      return original.apply(this, parameters);
    };
  };
  watchTrainFunction(prototype, observer, guard);
  before("fit", (_, [inputs, , options]) => onFit(numberOf(options, "epochs") ?? 1, stepsPerEpoch(inputs, options)));
  before("fitDataset", (_, parameters) =>
    onFit(numberOf(parameters[1], "epochs"), numberOf(parameters[1], "batchesPerEpoch")),
  );
  const phase = (name: string, kind: "predict" | "evaluate" | "save"): void => {
    let lastStep = -1;
    before(name, (model) => {
      const watching = observer();
      // Reinforcement learning predicts between any two steps: one event for each is enough, and none inside a pass.
      if (watching === null || watching.isInPass || watching.step === 0 || watching.step === lastStep) return;
      lastStep = watching.step;
      watching.event({ type: "phase", phase: kind, model: watching.catalogue.modelName(model) });
    });
  };
  phase("predict", "predict");
  phase("testLoop", "evaluate");
  phase("evaluateDataset", "evaluate");
  phase("save", "save");
}

/** A model makes its train function once, which is given inputs, targets and sample weights of each batch in one list. */
function watchTrainFunction(
  prototype: Record<string, Method | undefined>,
  observer: () => Observer | null,
  guard: Guard,
): void {
  const original = Object.hasOwn(prototype, "makeTrainFunction") ? prototype.makeTrainFunction : undefined;
  if (original === undefined) return;
  prototype.makeTrainFunction = function (this: LayerLike, ...parameters: unknown[]): unknown {
    guard.run(() => observer()?.modelSeen(this));
    const train: unknown = original.apply(this, parameters);
    if (typeof train !== "function" || observer()?.wantsBatches !== true) return train;
    return (data: unknown, ...rest: unknown[]): unknown => {
      guard.run(() => {
        const { inputs } = this as { readonly inputs?: readonly unknown[] };
        if (Array.isArray(data)) observer()?.batchGiven(this, data.slice(0, inputs?.length ?? 1).filter(isTensor));
      });
      return train(data, ...rest);
    };
  };
}

/** `fit` and `fitDataset` keep a History of their own, whatever callbacks the script passes. */
export function watchEpochs(
  historyClass: HistoryClass,
  observer: () => Observer | null,
  guard: Guard,
  onEpoch: (epoch: number) => void,
): void {
  const original = historyClass.prototype.onEpochEnd;
  historyClass.prototype.onEpochEnd = function (epoch, logs) {
    guard.run(() => {
      onEpoch(epoch);
      const watching = observer();
      watching?.event({ type: "epoch", epoch, logs: plainLogs(watching, logs ?? {}) });
    });
    return original.call(this, epoch, logs);
  };
}

/** Logs hold numbers or one-element tensors; NaN and Infinity as strings, since JSON has no word for them. */
function plainLogs(observer: Observer, logs: Record<string, unknown>): Record<string, number | string> {
  const plain: Record<string, number | string> = {};
  for (const [name, value] of Object.entries(logs)) {
    const number = isTensor(value) ? observer.tensors.scalar(value) : value;
    if (typeof number === "number") plain[name] = Number.isFinite(number) ? number : String(number);
  }
  return plain;
}

/** Batches of an epoch of `fit` on tensors. */
function stepsPerEpoch(inputs: unknown, options: unknown): number | null {
  const first: unknown =
    isTensor(inputs) || typeof inputs !== "object" || inputs === null ? inputs : Object.values(inputs)[0];
  const examples = isTensor(first) ? first.shape[0] : undefined;
  if (examples === undefined) return null;
  const trained = Math.floor(examples * (1 - (numberOf(options, "validationSplit") ?? 0)));
  return Math.ceil(trained / (numberOf(options, "batchSize") ?? 32));
}

function numberOf(parameters: unknown, name: string): number | null {
  if (typeof parameters !== "object" || parameters === null) return null;
  const value = (parameters as Record<string, unknown>)[name];
  return typeof value === "number" ? value : null;
}
