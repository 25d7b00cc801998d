import { inspect } from "node:util";
import type { SourcePosition } from "../../run/format.js";
import type { Guard } from "./guard.js";
import { callerPosition } from "./sourcePosition.js";

interface Loading {
  readonly model: Promise<unknown>;
  readonly position: SourcePosition | null;
}

let loadings: Loading[] = [];
const watched = new WeakSet<object>();

/**
 * Layers of a loaded model are made long after the script's own call has returned, where no stack names it any more:
 * `loadLayersModel` of a copy of tfjs-layers tells where it was called.
 */
export function watchModelLoading(exports: object, guard: Guard): void {
  const property = Object.getOwnPropertyDescriptor(exports, "loadLayersModel");
  if (property?.writable !== true || typeof property.value !== "function") return;
  // One module hands on the exports of another.
  if (watched.has(property.value)) return;
  const original: (...args: unknown[]) => unknown = property.value;
  function loadLayersModel(this: unknown, ...args: unknown[]): unknown {
    const model = original.apply(this, args);
    guard.run(() => {
      if (model instanceof Promise) loadings = [...stillLoading(), { model, position: callerPosition([], false) }];
    });
    return model;
  }
  watched.add(loadLayersModel);
  Object.defineProperty(loadLayersModel, "length", { value: original.length, configurable: true });
  Object.defineProperty(exports, "loadLayersModel", { ...property, value: loadLayersModel });
}

/** Where the model is loaded whose layers are being made; null where several lines load, since it may be any of them. */
export function loadingPosition(): SourcePosition | null {
  if (loadings.length === 0) return null;
  loadings = stillLoading();
  const [first, ...others] = loadings.map(({ position }) => position);
  if (first === undefined || first === null) return null;
  return others.every((other) => other?.file === first.file && other.line === first.line) ? first : null;
}

/** Looked at from outside: a handler of ours on the promise would hide that the script has none for its failure. */
function stillLoading(): Loading[] {
  return loadings.filter(({ model }) => inspect(model, { depth: 0 }).includes("<pending>"));
}
