/**
 * tfjs-core keeps its engine at `globalThis._tfengine`, whichever copy is loaded and however (require, import, a
 * bundle). One accessor there, shared by all who want to see the engine at the moment it is made.
 */

type Listener = (engine: object) => void;

const listeners: Listener[] = [];
let current: object | undefined;
let installed = false;

/** Calls `listener` with each engine that is put in place, at once if there is one already. Listeners must not throw. */
export function onEngineCreated(listener: Listener): void {
  listeners.push(listener);
  if (current) listener(current);
  if (!installed) install();
}

function install(): void {
  installed = true;
  const scope = globalThis as { _tfengine?: object };
  if (scope._tfengine) announce(scope._tfengine);
  Object.defineProperty(scope, "_tfengine", {
    configurable: true,
    enumerable: true,
    get: () => current,
    set: announce,
  });
}

function announce(engine: object | undefined): void {
  if (engine === current) return;
  current = engine;
  if (engine) for (const listener of listeners) listener(engine);
}
