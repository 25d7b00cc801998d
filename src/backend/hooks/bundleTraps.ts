/**
 * TensorFlow.js inside a bundle has no module of its own to be met at. But a layer's constructor assigns `_callHook`,
 * and an optimizer's first update assigns `iterations_`: a setter on Object.prototype meets the object at that moment,
 * and is taken away as soon as the classes are known.
 */

/** Calls `found` with each object to which `name` is assigned while it has no property of that name; returns the end of it. */
export function trapAssignment(name: string, found: (object: object) => void): () => void {
  if (Object.isFrozen(Object.prototype) || name in Object.prototype) return () => undefined;
  Object.defineProperty(Object.prototype, name, {
    configurable: true,
    enumerable: false,
    get: () => undefined,
    set(this: object, value: unknown) {
      Object.defineProperty(this, name, { value, writable: true, enumerable: true, configurable: true });
      found(this);
    },
  });
  return () => Reflect.deleteProperty(Object.prototype, name);
}

/** The object of `object`'s prototype chain that has `name` itself; the last one when several have. */
export function ownerOf(object: object, name: string): object | null {
  let owner: object | null = null;
  for (
    let prototype = Object.getPrototypeOf(object);
    prototype !== null;
    prototype = Object.getPrototypeOf(prototype)
  ) {
    if (Object.hasOwn(prototype, name)) owner = prototype;
  }
  return owner;
}
