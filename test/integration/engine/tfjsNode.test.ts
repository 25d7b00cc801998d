import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { resultOf, runScript } from "../backend/runScript.js";
import { Project } from "./projects.js";

let project: Project;
beforeAll(() => {
  project = new Project("nothing");
});
afterAll(() => project.remove());

/** Runs a script written for tfjs-node where there is none; its last line is its result. */
function run(name: string, text: string): Record<string, unknown> {
  const script = project.write(name, `const tf = require("@tensorflow/tfjs-node");\n${text}`);
  const result = runScript(script, { engine: "auto", engineOnly: true }, { env: { LAYERSCOPE_CACHE: "/nonexistent" } });
  expect(result.stderr).toBe("");
  expect(result.exitCode).toBe(0);
  return resultOf(result);
}

const model = `
const model = tf.sequential({ layers: [tf.layers.dense({ inputShape: [3], units: 2 })] });
model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
`;

test("models are saved to files and loaded from them", () => {
  const folder = join(project.folder, "saved");
  const result = run(
    "save.cjs",
    `${model}
    (async () => {
      await model.save("file://${folder}");
      const loaded = await tf.loadLayersModel("file://${folder}/model.json");
      const other = await tf.loadLayersModel(tf.io.fileSystem("${folder}/model.json"));
      const x = tf.ones([1, 3]);
      const difference = [loaded, other].map((m) => m.predict(x).sub(model.predict(x)).abs().max().dataSync()[0]);
      console.log(JSON.stringify({ difference }));
    })();`,
  );
  expect(result.difference).toEqual([0, 0]);
  expect(readdirSync(folder).sort()).toEqual(["model.json", "weights.bin"]);
});

test("the TensorBoard callback writes event files", () => {
  const logs = join(project.folder, "logs");
  run(
    "board.cjs",
    `${model}
    model.fit(tf.ones([8, 3]), tf.ones([8, 2]), {
      epochs: 3, verbose: 0, validationSplit: 0.25,
      callbacks: tf.node.tensorBoard("${logs}", { histogramFreq: 1 }),
    }).then(() => console.log("{}"));`,
  );
  for (const part of ["train", "val"]) {
    const [file = ""] = readdirSync(join(logs, part));
    const bytes = readFileSync(join(logs, part, file)).toString("latin1");
    expect(bytes.split("epoch_loss")).toHaveLength(4);
  }
});

test("images are decoded and encoded", () => {
  const result = run(
    "images.cjs",
    `(async () => {
      const image = tf.tensor3d(Array.from({ length: 60 }, (_, i) => (i * 7) % 256), [5, 4, 3], "int32");
      const png = await tf.node.encodePng(image);
      const back = tf.node.decodeImage(png);
      const gray = tf.node.decodePng(png, 1);
      const jpeg = tf.node.decodeImage(await tf.node.encodeJpeg(image));
      console.log(JSON.stringify({
        same: tf.equal(back, image).all().dataSync()[0], dtype: back.dtype,
        shapes: [back.shape, gray.shape, jpeg.shape],
      }));
    })();`,
  );
  expect(result).toEqual({
    same: 1,
    dtype: "int32",
    shapes: [
      [5, 4, 3],
      [5, 4, 1],
      [5, 4, 3],
    ],
  });
});

test("tf.data.csv reads files", () => {
  mkdirSync(project.folder, { recursive: true });
  const file = join(project.folder, "data.csv");
  writeFileSync(file, "a,b,label\n1,2,3\n4,5,6\n");
  const result = run(
    "csv.cjs",
    `tf.data.csv("file://${file}", { columnConfigs: { label: { isLabel: true } } }).toArray()
      .then((rows) => console.log(JSON.stringify({ rows })));`,
  );
  expect(result.rows).toEqual([
    { xs: { a: 1, b: 2 }, ys: { label: 3 } },
    { xs: { a: 4, b: 5 }, ys: { label: 6 } },
  ]);
});

test("SavedModels are refused with a sentence that says why", () => {
  const result = run(
    "savedModel.cjs",
    `tf.node.loadSavedModel("/nowhere").catch((error) => console.log(JSON.stringify({ message: error.message })));`,
  );
  expect(result.message).toMatch(/needs TensorFlow itself.*layerscope engine install/);
});

test("fit prints its progress, as tfjs-node does", () => {
  const script = project.write(
    "progress.cjs",
    `const tf = require("@tensorflow/tfjs-node");${model}
    model.fit(tf.ones([8, 3]), tf.ones([8, 2]), { epochs: 2 });`,
  );
  const { stdout, exitCode } = runScript(script, { engine: "auto", engineOnly: true });
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^Epoch 1 \/ 2\n.*us\/step - loss=.*\nEpoch 2 \/ 2\n/);
});
