import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findManagedEngine } from "../../../src/engines/managed.js";
import { nativeModule } from "../../bench/nativeModule.mjs";
import { CliProcess } from "./cliProcess.js";

/** Downloads 270 MB where the cache of this user lacks the engine, so only on request: LAYERSCOPE_TEST_NATIVE=1. */
const wanted = process.env.LAYERSCOPE_TEST_NATIVE === "1" || findManagedEngine() !== null;
if (!wanted) {
  console.log("The real native engine is not tested: it is not in the cache, and LAYERSCOPE_TEST_NATIVE is not 1.");
}

describe.runIf(wanted)("the real native engine", () => {
  let cli: CliProcess;
  let cwd: string;
  beforeAll(async () => {
    cli = await CliProcess.make();
    cwd = mkdtempSync(join(tmpdir(), "layerscope-native-"));
  });
  afterAll(() => {
    cli.remove();
    rmSync(cwd, { recursive: true, force: true });
  });

  it("is installed, verified and chosen", () => {
    const install = cli.run(["engine", "install", "--json"], { cwd });
    expect(install.exitCode, install.stderr).toBe(0);
    expect(JSON.parse(install.stdout)).toMatchObject({ versions: { "tfjs-node": "4.22.0" } });
    const verify = cli.run(["engine", "verify", "--json"], { cwd });
    expect(JSON.parse(verify.stdout)).toMatchObject({ ok: true, backend: "tensorflow" });
    // What the benches measure.
    expect(nativeModule()).toBe(findManagedEngine()?.packageFolder);
    const report = cli.run(["doctor", "--json"], { cwd });
    expect(JSON.parse(report.stdout)).toMatchObject({ ok: true, chosen: "managed" });
  }, 900_000);

  it("gives the same bits twice", () => {
    const script = join(cwd, "train.cjs");
    const engine = findManagedEngine();
    if (!engine) throw new Error("the engine is not there after its installation");
    writeFileSync(
      script,
      `require("node:util").isNullOrUndefined ??= (value) => value === null || value === undefined;
       const tf = require(process.argv[2]);
       const { layers } = tf;
       const model = tf.sequential({ layers: [
         layers.conv2d({ inputShape: [12, 12, 1], filters: 8, kernelSize: 3, kernelInitializer: tf.initializers.glorotUniform({ seed: 1 }) }),
         layers.batchNormalization(), layers.reLU(), layers.flatten(),
         layers.dense({ units: 3, kernelInitializer: tf.initializers.glorotUniform({ seed: 2 }) }) ] });
       model.compile({ optimizer: "adam", loss: "meanSquaredError" });
       const x = tf.randomNormal([16, 12, 12, 1], 0, 1, "float32", 3);
       const y = tf.randomNormal([16, 3], 0, 1, "float32", 4);
       (async () => {
         for (let step = 0; step < 10; step++) await model.trainOnBatch(x, y);
         console.log(tf.getBackend(), ...model.getWeights().flatMap((weight) => Array.from(weight.dataSync())));
       })();`,
    );
    const train = () =>
      execFileSync(process.execPath, [script, engine.packageFolder], {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      });
    const first = train();
    expect(first).toMatch(/^tensorflow -?\d/);
    expect(first).not.toContain("NaN");
    expect(train()).toBe(first);
  });
});
