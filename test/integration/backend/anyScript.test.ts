import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import * as esbuild from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { preload, resultOf, runScript } from "./runScript.js";

/** A project of the user's own: its tfjs is the repository's, whose tfjs-node has no addon. */
let folder = "";

beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "layerscope-scripts-")));
  symlinkSync(resolve("node_modules"), join(folder, "node_modules"));
  cpSync("test/fixtures/models", join(folder, "models"), { recursive: true });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Three updates of a model with one BatchNorm layer; `tf` and `report` are in scope. */
const training = `
const model = tf.sequential({ layers: [
  tf.layers.dense({ inputShape: [12], units: 4, name: "dense" }),
  tf.layers.batchNormalization({ name: "norm" }),
] });
model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
const fitted = model.fit(tf.ones([12, 12]), tf.ones([12, 4]), { epochs: 3, batchSize: 12, verbose: 0 });
`;
const required = `const tf = require("@tensorflow/tfjs-node");${training}`;

function write(name: string, text: string): string {
  const file = join(folder, name);
  mkdirSync(resolve(file, ".."), { recursive: true });
  writeFileSync(file, text);
  return file;
}

describe("modules", () => {
  test.each([
    ["require", "required.cjs", required],
    ["import * as tf", "star.mjs", `import * as tf from "@tensorflow/tfjs-node";${training}await fitted;`],
    ["named imports", "named.mjs", namedImports("@tensorflow/tfjs-node")],
    [
      "dynamic import",
      "dynamic.mjs",
      `const tf = (await import("@tensorflow/tfjs-node")).default;${training}await fitted;`,
    ],
    ["plain tfjs", "plain.cjs", required.replace("tfjs-node", "tfjs")],
    ["core and layers", "parts.cjs", coreAndLayers()],
  ])("%s", (_, name, text) => {
    const { exitCode, stderr, runs } = runScript(write(name, text));
    expect(stderr).not.toContain("switched itself off");
    expect(exitCode).toBe(0);
    expect(runs).toHaveLength(1);
    expect(runs[0]?.run).toMatchObject({ status: "completed", steps: 3, layerSteps: [3, 3] });
    expect(runs[0]?.run.layers.map((layer) => [layer.name, layer.source?.file])).toEqual([
      ["dense", join(folder, name)],
      ["norm", join(folder, name)],
    ]);
    expect(runs[0]?.rows.filter(({ table, row }) => table === "batchNorm" && row.batchMean !== undefined)).toHaveLength(
      3,
    );
  });

  test("models from files: the line that loaded them, also where several load at once", () => {
    const text = `const tf = require("@tensorflow/tfjs-node");
      const { join } = require("node:path");
      const file = (name) => "file://" + join(__dirname, name);
      const layers = (name) => [tf.layers.dense({ name, units: 2, inputShape: [3] }), tf.layers.batchNormalization()];
      const train = async (model) => {
        model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
        await model.fit(tf.ones([8, 3]), tf.ones([8, 2]), { verbose: 0 });
      };
      (async () => {
        for (const name of ["a", "b", "c", "d", "e"]) await tf.sequential({ layers: layers(name) }).save(file(name));
        const one =
          await tf.loadLayersModel(file("a/model.json"));
        await train(one);
        const both = await Promise.all(["b", "c"].map((name) => tf.loadLayersModel(file(name + "/model.json"))));
        for (const model of both) await train(model);
        const d = tf.loadLayersModel(file("d/model.json"));
        const e = tf.loadLayersModel(file("e/model.json"));
        for (const model of await Promise.all([d, e])) await train(model);
        await tf.loadLayersModel(file("nothing/model.json")).catch(() => 0);
      })();`;
    const script = write("loads.cjs", text);
    const { exitCode, stderr, runs } = runScript(script);
    expect(stderr).not.toMatch(/switched itself off|nhandled/);
    expect(exitCode).toBe(0);
    const places = runs[0]?.run.layers.map(({ name, source }) => [name, source && [source.file, source.line]]);
    expect(places?.filter(([name]) => !String(name).startsWith("batch"))).toEqual([
      ["a", [script, 12]],
      ["b", [script, 14]],
      ["c", [script, 14]],
      ["d", [script, 16]],
      ["e", [script, 17]],
    ]);
  });

  test("a bundle with TensorFlow.js inside: the same numbers, lines by its source map or none", async () => {
    for (const sourcemap of [true, false]) {
      const outfile = join(folder, `bundle-${sourcemap}.cjs`);
      await esbuild.build({
        stdin: {
          contents: `const tf = require("@tensorflow/tfjs");${training}`,
          resolveDir: folder,
          sourcefile: "source.cjs",
        },
        bundle: true,
        minify: true,
        platform: "node",
        outfile,
        sourcemap,
        logLevel: "error",
      });
      write("source.cjs", `const tf = require("@tensorflow/tfjs");${training}`);
      for (const [engine, name] of [
        ["auto", "cpu"],
        ["embedded", "embedded"],
      ] as const) {
        const { runs } = runScript(outfile, { engine });
        expect(runs[0]?.run).toMatchObject({ status: "completed", steps: 3, layerSteps: [3, 3], engine: { name } });
        const places = runs[0]?.run.layers.map(({ source }) => source && [source.file, source.line]);
        expect(places).toEqual(sourcemap ? [3, 4].map((line) => [join(folder, "source.cjs"), line]) : [null, null]);
      }
    }
  });
});

describe("processes", () => {
  test("process.exit inside fit: recorded to the last step, the script's own exit code", () => {
    const text = `${required.replace("verbose: 0", "verbose: 0, callbacks: { onEpochEnd: (epoch) => { if (epoch === 1) process.exit(3); } }")}`;
    const { exitCode, runs } = runScript(write("exits.cjs", text));
    expect(exitCode).toBe(3);
    expect(runs[0]?.run).toMatchObject({ status: "failed", exitCode: 3, steps: 2 });
  });

  test("a script that throws: its own message, and the run tells it", () => {
    const { exitCode, stderr, runs } = runScript(
      write("throws.cjs", `${required}fitted.then(() => { throw new TypeError("in the middle"); });`),
    );
    expect(exitCode).toBe(1);
    expect(stderr).toContain("TypeError: in the middle");
    expect(runs[0]?.run).toMatchObject({ status: "failed", steps: 3, error: { message: "in the middle" } });
  });

  test("a worker that its parent terminates as soon as it has answered", () => {
    const file = write(
      "worker.cjs",
      `const { Worker, isMainThread, parentPort } = require("node:worker_threads");
       if (isMainThread) { const worker = new Worker(__filename); worker.on("message", () => worker.terminate()); }
       else { ${required} fitted.then(() => { parentPort.postMessage("done"); setInterval(() => 0, 1000); }); }`,
    );
    const { exitCode, runs } = runScript(file);
    // What the thread of a terminated worker leaves depends on it alone; the parent's end is its own.
    expect(exitCode).not.toBeNull();
    expect(runs[0]?.run.steps).toBe(3);
  });

  test("forked children are runs of their own", () => {
    const file = write(
      "forks.cjs",
      `if (process.argv[2] === "child") { ${required} }
       else for (let child = 0; child < 2; child++) require("node:child_process").fork(__filename, ["child"]);`,
    );
    const { runs } = runScript(file);
    expect(runs.map(({ run }) => run.steps)).toEqual([3, 3]);
  });
});

describe("surroundings", () => {
  test("a path with spaces, quotes, Unicode and a percent sign", () => {
    const { exitCode, runs } = runScript(write(`it's 100 % "ünï" dir/träin.cjs`, required));
    expect(exitCode).toBe(0);
    expect(runs[0]?.run.layers[0]?.source?.file).toBe(join(folder, `it's 100 % "ünï" dir/träin.cjs`));
  });

  test("preloaded twice, once more by NODE_OPTIONS", () => {
    const file = write("twice.cjs", required);
    const { runs } = runScript(
      file,
      {},
      { nodeArguments: ["--require", preload], env: { NODE_OPTIONS: `--require ${JSON.stringify(preload)}` } },
    );
    expect(runs).toHaveLength(1);
    expect(runs[0]?.run.steps).toBe(3);
  });

  test("the script's arguments and globals are its own", () => {
    const file = write("own.cjs", `console.log(JSON.stringify([process.argv.slice(2), Object.keys(globalThis)]));`);
    const bare = runScript(file, { engineOnly: true }, { arguments: ["a", "b c"] });
    const watched = runScript(file, {}, { arguments: ["a", "b c"] });
    expect(JSON.parse(watched.stdout)[0]).toEqual(["a", "b c"]);
    expect(watched.stdout).toBe(bare.stdout);
    expect(watched.runs).toHaveLength(0);
  });

  test("prototypes frozen, the backend changed in the middle, the engine looked at", () => {
    const text = `const tf = require("@tensorflow/tfjs-node");
      Object.freeze(tf.layers.Layer.prototype); Object.freeze(Object.prototype);
      ${training.replace("epochs: 3", "epochs: 1")}
      fitted.then(async () => {
        tf.setBackend("cpu");
        if (globalThis._tfengine !== tf.engine()) throw new Error("not the engine");
        await model.fit(tf.ones([12, 12]), tf.ones([12, 4]), { epochs: 2, batchSize: 12, verbose: 0 });
        console.log("{}");
      });`;
    const { exitCode, stderr, runs } = runScript(write("frozen.cjs", text));
    expect(stderr).not.toContain("rror");
    expect(exitCode).toBe(0);
    expect(runs[0]?.run.steps).toBe(3);
  });

  test("intrinsics frozen by Node: statistics without source lines", () => {
    const file = write("intrinsics.cjs", required);
    const { exitCode, stderr, runs } = runScript(file, {}, { nodeArguments: ["--frozen-intrinsics"] });
    expect(stderr).not.toContain("switched itself off");
    expect(exitCode).toBe(0);
    expect(runs[0]?.run.steps).toBe(3);
  });

  test.each([
    ["without WebAssembly", ["--jitless"], "", "WebAssembly is not defined"],
    [
      "without memory for it",
      [],
      `WebAssembly.Instance = class { constructor() { throw new RangeError("no memory today"); } };`,
      "no memory today",
    ],
  ])("the embedded engine %s: plain JavaScript computes, and the run says why", (_, nodeArguments, before, why) => {
    const { exitCode, runs } = runScript(write("noEngine.cjs", before + required), {}, { nodeArguments });
    expect(exitCode).toBe(0);
    expect(runs[0]?.run.steps).toBe(3);
    expect(runs[0]?.run.engine?.name).toBe("cpu");
    expect(runs[0]?.run.engine?.reason).toContain(`could not start (${why})`);
  });

  test("tf.memory() is the same after every one of 1000 steps", () => {
    const text = `const tf = require("@tensorflow/tfjs-node");
      const model = tf.sequential({ layers: [tf.layers.dense({ inputShape: [4], units: 3 }), tf.layers.batchNormalization()] });
      const optimizer = tf.train.sgd(0.01);
      const x = tf.ones([5, 4]); const y = tf.ones([5, 3]);
      const seen = new Set();
      for (let step = 0; step < 1000; step++) {
        optimizer.minimize(() => tf.losses.meanSquaredError(y, model.apply(x, { training: true })));
        const { numTensors, numDataBuffers, numBytes } = tf.memory();
        seen.add([numTensors, numDataBuffers, numBytes].join());
      }
      console.log(JSON.stringify({ seen: [...seen] }));`;
    const result = runScript(write("memory.cjs", text));
    expect(resultOf(result).seen).toHaveLength(1);
    expect(result.runs[0]?.run.steps).toBe(1000);
  });

  test("if our own code fails, the script never notices and the run is marked", () => {
    // A layer whose name cannot be told is more than the recorder bears.
    const text = `${required}fitted.then(() => {
        Object.defineProperty(model.layers[0], "weights", { get() { throw new Error("no weights today"); } });
        return model.fit(tf.ones([12, 12]), tf.ones([12, 4]), { epochs: 1, verbose: 0 }).catch(() => 0);
      }).then(() => console.log("{}"));`;
    const { exitCode, runs } = runScript(write("hostile.cjs", text));
    expect(exitCode).toBe(0);
    expect(runs[0]?.run.status).toBe("completed");
  });
});

function namedImports(from: string): string {
  return `import { sequential, layers, ones } from "${from}"; const tf = { sequential, layers, ones };${training}await fitted;`;
}

function coreAndLayers(): string {
  return `require("@tensorflow/tfjs-backend-cpu");
    const tf = { ...require("@tensorflow/tfjs-core"), ...require("@tensorflow/tfjs-layers") };${training}`;
}
