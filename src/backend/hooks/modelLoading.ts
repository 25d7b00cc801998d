import { AsyncLocalStorage } from "node:async_hooks";
import type { SourcePosition } from "../../run/format.js";
import type { Guard } from "./guard.js";
import { callerPosition } from "./sourcePosition.js";

/** Follows a load through all that it waits for, so that several at once are told apart. */
const loadedAt = new AsyncLocalStorage<SourcePosition | null>();
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
    const position = guard.run(() => callerPosition([], false)) ?? null;
    return loadedAt.run(position, () => original.apply(this, args));
  }
  watched.add(loadLayersModel);
  Object.defineProperty(loadLayersModel, "length", { value: original.length, configurable: true });
  Object.defineProperty(exports, "loadLayersModel", { ...property, value: loadLayersModel });
}

/** Where the model is loaded whose layers are being made; null where none is. */
export function loadingPosition(): SourcePosition | null {
  return loadedAt.getStore() ?? null;
}
