import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { resultOf, runScript } from "../backend/runScript.js";
import { nativeModules } from "./nativeModules.js";
import { Project } from "./projects.js";

/** The independent reference: TensorFlow's own encoders and decoders, where a native tfjs-node is there to be asked. */
const native = nativeModules();
if (native === null) console.log("Files are not compared with those of tfjs-node: there is none that computes.");

/** Writes files or reads them, and prints what is in them. */
const script = `
const { readFileSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");
const tf = require("@tensorflow/tfjs-node");
const [task, folder] = process.argv.slice(2);
const smooth = (height, width, channels) => tf.tensor3d(Array.from({ length: height * width * channels }, (_, at) => {
  const [channel, column, row] = [at % channels, Math.floor(at / channels) % width, Math.floor(at / channels / width)];
  return Math.round(127 + 100 * Math.sin(row / 5 + channel) * Math.cos(column / 7));
}), [height, width, channels], "int32");
const gif = Buffer.from("R0lGODlhAgACAPAAAP8AAAAA/yH5BAAAAAAALAAAAAACAAIAAAIDRAIFADs=", "base64");
const x = tf.tensor2d([[0.1, -0.5, 2], [3, 0, 1]]);
const plain = (tensor) => ({ shape: tensor.shape, dtype: tensor.dtype, values: Array.from(tensor.dataSync()) });
(async () => {
  if (task === "write") {
    const model = tf.sequential({ layers: [
      tf.layers.dense({ inputShape: [3], units: 4, activation: "tanh" }), tf.layers.batchNormalization(), tf.layers.dense({ units: 2 }) ] });
    model.setWeights(model.weights.map(({ shape }, seed) => tf.tensor(
      Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, at) => 0.5 + 0.4 * Math.sin(seed + 1.7 * at)), shape)));
    await model.save("file://" + join(folder, "model"));
    for (const channels of [1, 3, 4]) writeFileSync(join(folder, channels + ".png"), await tf.node.encodePng(smooth(20, 33, channels)));
    for (const [name, ...options] of [["gray", "grayscale"], ["rgb", "rgb", 95]])
      writeFileSync(join(folder, name + ".jpeg"), await tf.node.encodeJpeg(smooth(24, 40, name === "gray" ? 1 : 3), ...options));
    console.log("{}");
    return;
  }
  const images = {};
  for (const name of ["1.png", "3.png", "4.png", "gray.jpeg", "rgb.jpeg"]) {
    const bytes = readFileSync(join(folder, name));
    images[name] = plain(tf.node.decodeImage(bytes));
    images[name + ", gray"] = plain(tf.node.decodeImage(bytes, 1));
  }
  images.gif = plain(tf.node.decodeImage(gif));
  const model = await tf.loadLayersModel("file://" + join(folder, "model/model.json"));
  const predicted = Array.from(model.predict(x).dataSync());
  const weights = model.getWeights().map((weight) => Array.from(weight.dataSync()));
  console.log(JSON.stringify({ backend: tf.getBackend(), images, predicted, weights }));
})();
`;

interface Picture {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly values: readonly number[];
}
interface Read {
  readonly images: Readonly<Record<string, Picture>>;
  readonly predicted: readonly number[];
  readonly weights: readonly (readonly number[])[];
}

describe.runIf(native !== null)("files of tf.node", () => {
  const projects: Record<string, Project> = {};
  beforeAll(() => {
    for (const engine of ["embedded", "native"]) projects[engine] = new Project("nothing");
    if (native !== null) symlinkSync(native, join(projects.native?.folder ?? "", "node_modules"));
  });
  afterAll(() => {
    for (const project of Object.values(projects)) project.remove();
  });

  function run(engine: "embedded" | "native", task: "write" | "read", folder: string): Read {
    const file = projects[engine]?.write("files.cjs", script) ?? "";
    const options = { engine: engine === "native" ? ("auto" as const) : ("embedded" as const), engineOnly: true };
    const env = { TF_CPP_MIN_LOG_LEVEL: "3", LAYERSCOPE_CACHE: "/nonexistent" };
    const result = runScript(file, options, { env, arguments: [task, folder] });
    expect(result.exitCode, result.stderr.slice(-800)).toBe(0);
    return resultOf(result) as unknown as Read;
  }

  it.each(["embedded", "native"] as const)("that the %s engine wrote are the same to both", (writer) => {
    const folder = projects[writer]?.folder ?? "";
    run(writer, "write", folder);
    const [ours, theirs] = [run("embedded", "read", folder), run("native", "read", folder)];
    expect(ours.weights).toEqual(theirs.weights);
    for (const [at, value] of ours.predicted.entries()) expect(value).toBeCloseTo(theirs.predicted[at] as number, 5);
    expect(Object.keys(ours.images)).toEqual(Object.keys(theirs.images));
    for (const [name, { shape, dtype, values }] of Object.entries(theirs.images)) {
      const own = ours.images[name];
      expect([name, own?.shape, own?.dtype]).toEqual([name, shape, dtype]);
      const differences = values.map((value, at) => Math.abs((own?.values[at] as number) - value));
      const mean = differences.reduce((sum, difference) => sum + difference, 0) / differences.length;
      // A JPEG leaves much to its decoder: TensorFlow takes a quick transform, which is off by some 2 of 255, and
      // smooths the colours of neighbours, which ours does not.
      if (name.includes("jpeg")) expect(mean, name).toBeLessThan(name.startsWith("gray") ? 3 : 6);
      else expect(Math.max(...differences), name).toBe(0);
    }
  });
});
