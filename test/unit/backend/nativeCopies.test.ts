import { expect, test } from "vitest";
import { NativeCopies, trialBytes } from "../../../src/backend/hooks/nativeCopies.js";
import type { BackendLike } from "../../../src/backend/hooks/tensorflow.js";
import { CopyRoom } from "../../../src/backend/reduction/copyRoom.js";
import { ownHome } from "../../../src/kernels/home.js";
import { createMemory } from "../../../src/kernels/instantiate.js";

type Values = Float32Array | Int32Array;

interface Held {
  readonly shape: readonly number[];
  readonly values: Values;
}

/** tfjs-node's addon as far as copies go; `keeps`: tensors are the arrays they are made from, as TensorFlow has it. */
function addon(keeps: boolean, isOnGpu = false) {
  const held = new Map<number, Held>();
  let next = 0;
  const add = (one: Held): number => {
    held.set(++next, one);
    return next;
  };
  const binding = {
    TF_FLOAT: 1,
    TF_INT32: 3,
    TF_ATTR_TYPE: 0,
    isUsingGpuDevice: () => isOnGpu,
    createTensor: (shape: readonly number[], _type: number, values: Values) =>
      add({ shape, values: keeps ? values : values.slice() }),
    deleteTensor: (id: number) => held.delete(id),
    executeOp(name: string, _attributes: unknown, inputs: readonly number[]) {
      const [first, second, third] = inputs.map((id) => held.get(id) as Held);
      if (first === undefined || second === undefined) throw new Error(`${name} has no input`);
      if (name === "ExpandDims") return [{ id: add({ ...first, shape: [1, ...first.shape] }) }];
      if (third === undefined || String(third.shape) !== String(first.shape)) throw new Error("shapes differ");
      first.values.set(third.values);
      return [{ id: add(first) }];
    },
  };
  const tensorMap = new Map<object, { id: number; values: unknown }>();
  const backend: BackendLike = Object.assign(
    { readSync: () => null },
    { binding, tensorMap, executeMultipleOutputs: () => [] },
  );
  return { held, backend, tensorMap, add };
}

function home() {
  const memory = createMemory(1, 1024);
  if (memory === null) throw new Error("no WebAssembly");
  return ownHome(memory);
}

test("values arrive in the kernels' memory, whatever the shape, and no tensor is left", () => {
  const { backend, tensorMap, add, held } = addon(true);
  const place = home();
  const at = place.allocate(1024);
  const copies = NativeCopies.of(backend, place);
  expect(copies?.works(at)).toBe(true);
  expect(held.size).toBe(0);
  for (const { shape, values } of [
    { shape: [2, 3], values: Float32Array.of(1, -2, 3, 4, Number.NaN, 6) },
    { shape: [], values: Int32Array.of(7) },
    { shape: [0, 4], values: new Float32Array(0) },
  ]) {
    const dataId = {};
    tensorMap.set(dataId, { id: add({ shape, values }), values: null });
    const dtype = values instanceof Int32Array ? "int32" : "float32";
    const tensor = { dataId, dtype, shape, size: values.length };
    expect(copies?.holds(tensor)).toBe(true);
    expect(copies?.copy(tensor, at)).toEqual(values);
  }
  expect(held.size).toBe(3);
});

test("it is not used where TensorFlow copies what it is given, on a GPU, and on other backends", () => {
  const place = home();
  const at = place.allocate(trialBytes);
  expect(NativeCopies.of(addon(false).backend, place)?.works(at)).toBe(false);
  expect(NativeCopies.of(addon(true, true).backend, place)).toBeNull();
  expect(NativeCopies.of({ readSync: () => null }, place)).toBeNull();
});

test("what is still the script's own array, disposed of or of another type is not copied", () => {
  const { backend, tensorMap, add } = addon(true);
  const copies = NativeCopies.of(backend, home());
  const tensor = (dtype: string, values: unknown) => {
    const dataId = {};
    tensorMap.set(dataId, { id: add({ shape: [1], values: Float32Array.of(1) }), values });
    return { dataId, dtype, shape: [1], size: 1 };
  };
  expect(copies?.holds(tensor("float32", undefined))).toBe(true);
  expect(copies?.holds(tensor("float32", Float32Array.of(1)))).toBe(false);
  expect(copies?.holds(tensor("bool", null))).toBe(false);
  expect(copies?.holds({ ...tensor("float32", null), dataId: {} })).toBe(false);
});

test("places for copies begin at multiples of 64 and do not overlap; what is given back is there again", () => {
  const place = home();
  place.allocate(8);
  const room = new CopyRoom(place);
  const [a, b] = [room.reserve(100), room.reserve(4)] as [number, number];
  expect([a % 64, b % 64]).toEqual([0, 0]);
  expect(b - a).toBeGreaterThanOrEqual(100);
  room.giveBack(b);
  expect(room.reserve(2 ** 20)).toBe(b);
  expect(room.reserve(2 ** 24)).toBeNull();
  room.clear();
  expect(room.reserve(2 ** 24)).toBe(a);
  expect(place.memory.buffer.byteLength).toBeGreaterThanOrEqual(a + 2 ** 24);
});
