import { mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { EngineChoice } from "../../../src/protocol/options.js";
import { runScript } from "../backend/runScript.js";
import { nativeModules } from "../engine/nativeModules.js";
import { installedPackages } from "./tools.js";

/** Largest relative difference of losses between engines. */
const tolerance = 2e-4;
const native = nativeModules();

const training = `
const tf = require("@tensorflow/tfjs");
const { layers } = tf;
const model = tf.sequential({ layers: [
  layers.conv2d({ filters: 4, kernelSize: 3, inputShape: [8, 8, 1], useBias: false }),
  layers.batchNormalization(),
  layers.reLU(),
  layers.maxPooling2d({ poolSize: 2 }),
  layers.flatten(),
  layers.dense({ units: 3, activation: "softmax" }),
] });
model.compile({ optimizer: "adam", loss: "categoricalCrossentropy" });
const x = tf.randomNormal([32, 8, 8, 1]);
const y = tf.oneHot(tf.tensor1d(Array.from({ length: 32 }, (_, row) => row % 3), "int32"), 3);
model.fit(x, y, { epochs: 3, batchSize: 8, verbose: 0 }).then(({ history }) => console.log(JSON.stringify(history.loss)));
`;

// Initialisers of old versions do not take their seed: Math.random has one.
describe.each(["3.1.0", "3.21.0", "4.0.0"])("TensorFlow.js %s", (version) => {
  let folder = "";
  beforeAll(async () => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), "layerscope-old-")));
    symlinkSync(
      await installedPackages(`tfjs-${version}`, { "@tensorflow/tfjs": version }),
      join(folder, "node_modules"),
    );
    writeFileSync(join(folder, "train.js"), training);
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const train = (engine: EngineChoice) =>
    runScript(
      join(folder, "train.js"),
      { engine, budget: "5" },
      {
        nodeArguments: ["--require", resolve("test/integration/scripts/seeded.cjs")],
        env: { UPDATES_FILE: join(folder, "updates.txt"), TF_CPP_MIN_LOG_LEVEL: "2" },
      },
    );

  test("trains on the embedded engine as it does by itself, with every layer at its line", () => {
    const [plain, embedded] = [train("auto"), train("embedded")];
    expect(embedded.exitCode, embedded.stderr).toBe(0);
    const [wanted, got] = [plain, embedded].map(({ stdout }) => JSON.parse(stdout) as number[]) as [number[], number[]];
    expect(got).toHaveLength(3);
    for (const [epoch, loss] of got.entries()) {
      expect(Math.abs(loss / (wanted[epoch] as number) - 1)).toBeLessThan(tolerance);
    }
    const [run] = embedded.runs;
    expect(run?.run).toMatchObject({ steps: 12, engine: { name: "embedded" } });
    expect(run?.run.layers.map(({ source }) => source?.line)).toEqual([5, 6, 7, 8, 9, 10]);
  });

  test.runIf(native !== null && version === "3.1.0")("is told where it is too old for the native engine", () => {
    const { exitCode, stderr } = train("native");
    expect(exitCode).toBe(70);
    expect(stderr).toContain(
      "layerscope: TensorFlow.js 3.1.0 of this project is too old for the native engine, which needs 3.19. Update it, or",
    );
  });
});
