import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { Worker } from "node:worker_threads";
import { afterEach, expect, test } from "vitest";
import { newReductionRoom, type Reduced, reduced } from "../../../src/backend/reduction/reduced.js";
import type { ReducerData } from "../../../src/backend/reduction/reducerData.js";
import { ReductionBoard } from "../../../src/backend/reduction/reductionBoard.js";
import { createMemory, type KernelMemory } from "../../../src/kernels/instantiate.js";
import type { KernelValues } from "../../../src/kernels/measured.js";
import type { RunRow } from "../../../src/run/runReader.js";
import { normal } from "../../unit/kernels/reference.js";
import { sharedMemory } from "../../unit/kernels/sharedMemory.js";
import { type Engine, engines, runOnEngine } from "../engine/runOnEngine.js";
import { resultOf } from "./runScript.js";

const bundle = resolve(process.env.LAYERSCOPE_DIST ?? "dist", "reducer.cjs");
const workers: Worker[] = [];
afterEach(() => Promise.all(workers.splice(0).map((worker) => worker.terminate())));

function startHelper(): { readonly board: ReductionBoard; readonly memory: KernelMemory } {
  const memory = createMemory(256);
  if (memory === null) throw new Error("no WebAssembly");
  const shared = ReductionBoard.memory();
  const data: ReducerData = { memory, board: shared, room: { at: 1024, bytes: 2 ** 21 } };
  workers.push(new Worker(bundle, { workerData: data }));
  return { board: new ReductionBoard(shared), memory };
}

async function finished(board: ReductionBoard): Promise<void> {
  while (board.done !== board.posted) await new Promise((wake) => setTimeout(wake, 5));
}

test("the helper finds what the script's thread would, and says where it cannot", async () => {
  const { board, memory } = startHelper();
  const next = normal(5);
  const floats = (length: number, make: (at: number) => number = next): Float32Array =>
    Float32Array.from({ length }, (_, at) => make(at));
  const cases = [
    { values: floats(40_000), wanted: { channels: 16, saturation: "none", sample: 0 } },
    {
      values: floats(90_000, () => Math.tanh(2 * next())),
      wanted: { channels: 1, saturation: "tanh", sample: 40_000 },
    },
    {
      values: floats(50_000, (at) => (at % 1000 === 7 ? Number.NaN : next())),
      wanted: { channels: 5, saturation: "none", sample: 40_000 },
    },
    {
      values: Int32Array.from({ length: 30_000 }, (_, at) => at % 11),
      wanted: { channels: 3, saturation: "none", sample: 40_000 },
    },
    {
      values: floats(40_000, () => Number.POSITIVE_INFINITY),
      wanted: { channels: 500, saturation: "sigmoid", sample: 40_000 },
    },
    // Of so many NaN no sample is large enough, and the helper has no memory to look at all of them.
    {
      values: floats(90_000, (at) => (at % 5 === 0 ? Number.NaN : next())),
      wanted: { channels: 1, saturation: "none", sample: 40_000 },
    },
  ] as const;
  const { kernels, place } = sharedMemory();
  // More than there are slots, in several rounds, so that they are used again.
  for (let round = 0; round < 30; round++) {
    let at = 2 ** 22;
    const numbers = cases.map(({ values, wanted }) => {
      const Type = values.constructor as Float32ArrayConstructor;
      new Type(memory.buffer, at, values.length).set(values);
      const number = board.post({ ...wanted, at, length: values.length, isInteger: values instanceof Int32Array });
      at += 4 * values.length;
      return number;
    });
    board.wake();
    await finished(board);
    const found = numbers.map((number) => board.read(number, newReductionRoom()));
    const here = cases.map(({ values, wanted }): Reduced | null =>
      reduced(kernels, place<KernelValues>(values), wanted, newReductionRoom()),
    );
    here[5] = null;
    expect(found).toEqual(here);
  }
});

interface Place {
  readonly title: string;
  readonly engine: Engine;
  readonly arguments: readonly string[];
  readonly same: (rows: readonly RunRow[]) => unknown;
}

const exactly = (rows: readonly RunRow[]): unknown => rows;
/** Copies are reduced in pieces without the helper and whole with it: sums are then taken in another order. */
const toNineDigits = (rows: readonly RunRow[]): unknown =>
  JSON.parse(JSON.stringify(rows, (_, value) => (typeof value === "number" ? Number(value.toPrecision(9)) : value)));

const places: readonly Place[] = [
  { title: "where tensors lie in the embedded engine", engine: "embedded", arguments: [], same: exactly },
  { title: "from copies of the JS backend's", engine: "embedded", arguments: ["--cpu"], same: toNineDigits },
  { title: "from copies in our memory that TensorFlow makes", engine: "native", arguments: [], same: exactly },
  {
    title: "from such copies, more than there is room for at once",
    engine: "native",
    arguments: ["--side", "192"],
    same: exactly,
  },
  {
    title: "read from tfjs-node, each larger than the room",
    engine: "native",
    arguments: ["--side", "320"],
    same: exactly,
  },
];
const here = places.filter(({ engine }) => engines.includes(engine));

test.each(here)(
  "with and without the helper a run has the same numbers, and Infinity is found where it is made: $title",
  ({ engine, arguments: given, same }) => {
    const [alone, helped] = ["1", String(Math.max(2, availableParallelism()))].map((threads) => {
      const result = runOnEngine(
        engine,
        "models/largeTensors.cjs",
        { budget: "every" },
        { env: { LAYERSCOPE_THREADS: threads }, arguments: given },
      );
      expect(result.stderr).not.toContain("switched itself off");
      const { rows, events, run } = result.runs[0] as (typeof result.runs)[number];
      const spoil = run.layers.findIndex(({ name }) => name === "spoil");
      expect(events.filter(({ type }) => type === "nonfinite")).toMatchObject([
        { where: "output", layer: spoil, step: 6 },
      ]);
      return {
        result: resultOf(result),
        rows: rows.filter(({ table }) => table === "activations" || table === "weights"),
      };
    });
    expect(alone?.rows.length).toBeGreaterThan(8 * 8);
    expect(helped?.result).toEqual(alone?.result);
    expect(same(helped?.rows ?? [])).toEqual(same(alone?.rows ?? []));
  },
);

test.each(here)(
  "no buffer of the process is taken away, which would slow all typed arrays down: $title",
  ({ engine, arguments: given }) => {
    const nodeArguments = ["--require", resolve("test/fixtures/takenBuffers.cjs")];
    const { stderr, runs } = runOnEngine(
      engine,
      "models/largeTensors.cjs",
      { budget: "every" },
      { nodeArguments, arguments: given },
    );
    expect(runs[0]?.run.steps).toBe(8);
    expect(stderr).toContain("buffers taken away: 0\n");
  },
);
