import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { resultOf, runScript } from "../backend/runScript.js";
import { Project } from "./projects.js";

let project: Project;
beforeAll(() => {
  project = new Project("nothing");
});
afterAll(() => project.remove());

/** A network whose convolutions and products are large enough to be shared; a formula in place of random numbers. */
const training = `
const tf = require("@tensorflow/tfjs-node");
const { layers } = tf;
const values = (length, seed) => Float32Array.from({ length }, (_, index) => Math.sin(seed + index * 1.7) * 0.3);
const model = tf.sequential({ layers: [
  layers.conv2d({ inputShape: [32, 32, 3], filters: 16, kernelSize: 3, padding: "same", useBias: false }),
  layers.batchNormalization(),
  layers.conv2d({ filters: 16, kernelSize: 3, padding: "same" }),
  layers.conv2d({ filters: 24, kernelSize: 3, strides: 2, padding: "same", activation: "relu" }),
  layers.flatten(),
  layers.dense({ units: 100, activation: "relu" }),
  layers.dense({ units: 10, activation: "softmax" }),
] });
model.setWeights(model.weights.map((weight, index) => {
  const size = weight.shape.reduce((product, part) => product * part, 1);
  const isPositive = /gamma|variance/.test(weight.originalName);
  return tf.tensor(values(size, index).map((value) => (isPositive ? 1 + value : value / 3)), weight.shape);
}));
model.compile({ optimizer: "adam", loss: "categoricalCrossentropy" });
const x = tf.tensor(values(30 * 3072, 9), [30, 32, 32, 3]);
const y = tf.oneHot(tf.tensor1d(Array.from({ length: 30 }, (_, index) => index % 10), "int32"), 10);
const step = () => model.trainOnBatch(x, y);
tf.backend().allowsWinograd = process.env.WINOGRAD === "1";
`;

const script = `${training}
let started = 0;
process.on("worker", () => started++);
(async () => {
  const losses = [];
  for (let index = 0; index < 10; index++) losses.push(await step());
  const bits = model.getWeights().map((weight) => Array.from(new Uint32Array(weight.dataSync().buffer)));
  // Node tells of workers when its loop turns.
  setImmediate(() => console.log(JSON.stringify({ losses, bits: bits.flat(), started, steps: 10 })));
})();
`;

test.each(["0", "1"])("weights are the same to the last bit with any number of threads; Winograd: %s", (WINOGRAD) => {
  const file = project.write("bits.cjs", script);
  const results = [1, 2, 8].map((threads) => {
    const env = { LAYERSCOPE_THREADS: String(threads), LAYERSCOPE_CACHE: "/nonexistent", WINOGRAD };
    const result = runScript(file, { engine: "embedded", engineOnly: true }, { env });
    expect(result.stderr).toBe("");
    expect(result.exitCode).toBe(0);
    return resultOf(result);
  });
  expect(results[0]?.started).toBe(0);
  expect(results[1]?.started).toBe(1);
  expect(results[2]?.started).toBe(7);
  expect(results[1]?.bits).toEqual(results[0]?.bits);
  expect(results[2]?.bits).toEqual(results[0]?.bits);
});

test("where Node's permission model forbids threads, the script's own thread does it all", () => {
  const file = project.write("forbidden.cjs", script);
  const flag = process.allowedNodeEnvironmentFlags.has("--permission") ? "--permission" : "--experimental-permission";
  const run = (nodeArguments: readonly string[]) => {
    const env = { LAYERSCOPE_THREADS: "2", LAYERSCOPE_CACHE: "/nonexistent" };
    const result = runScript(file, { engine: "embedded", engineOnly: true }, { env, nodeArguments });
    expect(result.exitCode, result.stderr.slice(-500)).toBe(0);
    return resultOf(result);
  };
  const forbidden = run([flag, "--allow-fs-read=*"]);
  expect(forbidden.started).toBe(0);
  expect(forbidden.bits).toEqual(run([]).bits);
});

test("helpers that wait take no time", () => {
  const idleMs = 600;
  const file = project.write(
    "idle.cjs",
    `${training}(async () => {
      for (let index = 0; index < 10; index++) await step();
      // What is collected and compiled after the training is not theirs.
      await new Promise((resolve) => setTimeout(resolve, 400));
      const before = process.cpuUsage();
      await new Promise((resolve) => setTimeout(resolve, ${idleMs}));
      const { user, system } = process.cpuUsage(before);
      console.log(JSON.stringify({ busyMs: (user + system) / 1000, steps: 10 }));
    })();`,
  );
  const env = { LAYERSCOPE_THREADS: "8", LAYERSCOPE_CACHE: "/nonexistent" };
  // One helper that spins would take all of it.
  expect(resultOf(runScript(file, { engine: "embedded", engineOnly: true }, { env })).busyMs).toBeLessThan(idleMs / 4);
});

test("helpers keep no process alive, and process.exit in the middle of a training ends it", () => {
  const file = project.write(
    "exit.cjs",
    `${training}(async () => { for (let index = 0; ; index++) { await step(); if (index === 9) process.exit(7); } })();`,
  );
  const started = performance.now();
  const env = { LAYERSCOPE_THREADS: "3", LAYERSCOPE_CACHE: "/nonexistent" };
  expect(runScript(file, { engine: "embedded", engineOnly: true }, { env }).exitCode).toBe(7);
  expect(performance.now() - started).toBeLessThan(40_000);
});

test("a signal ends a training with helpers", async () => {
  const file = project.write(
    "signal.cjs",
    `${training}(async () => { for (let index = 0; ; index++) { await step(); if (index === 9) console.log("going"); } })();`,
  );
  const options = { runs: project.folder, engine: "embedded", engineOnly: true, claim: null };
  const child = spawn(process.execPath, ["--require", resolve("dist/backend.cjs"), file], {
    env: { ...process.env, LAYERSCOPE_THREADS: "3", LAYERSCOPE_OPTIONS: JSON.stringify(options) },
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  const ended = once(child, "exit");
  child.kill("SIGINT");
  expect(await ended).toEqual([null, "SIGINT"]);
});
