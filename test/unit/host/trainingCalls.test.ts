import { describe, expect, it } from "vitest";
import { trainingCalls } from "../../../src/host/editor/trainingCalls.js";

function lines(text: string, isTypeScript = false): string[] | null {
  return trainingCalls(text, isTypeScript)?.map(({ line, method }) => `${line}:${method}`) ?? null;
}

describe("trainingCalls", () => {
  it.each<[name: string, text: string, isTypeScript: boolean, expected: string[]]>([
    ["CommonJS", `const tf = require("@tensorflow/tfjs");\nmodel.fit(x, y, { epochs: 2 });`, false, ["1:fit"]],
    [
      "ES module, await",
      `import * as tf from '@tensorflow/tfjs-node';\nawait model.fitDataset(data, {});`,
      false,
      ["1:fitDataset"],
    ],
    [
      "dynamic import",
      `async function main() {\n  const tf = await import("@tensorflow/tfjs-node");\n  await m.fit(x, y);\n}`,
      false,
      ["2:fit"],
    ],
    [
      "custom loop",
      `import { train } from "@tensorflow/tfjs-core";\nfor (;;) {\n  opt.minimize(() => loss());\n}`,
      false,
      ["2:minimize"],
    ],
    [
      "gradients applied by hand",
      `import * as tf from "@tensorflow/tfjs";\nopt.applyGradients(grads);`,
      false,
      ["1:applyGradients"],
    ],
    ["two calls on one line", `import * as tf from "@tensorflow/tfjs";\na.fit(x, y); b.fit(x, y);`, false, ["1:fit"]],
    [
      "TypeScript",
      `import * as tf from "@tensorflow/tfjs-node";\nenum Mode { A }\nfunction run<T extends object>(m: tf.LayersModel, o: T): Promise<unknown> {\n  return (m as tf.Sequential).fit(x!, y, { epochs: 1 } satisfies object);\n}`,
      true,
      ["3:fit"],
    ],
    ["import = require", `import tf = require("@tensorflow/tfjs");\nmodel.fit(x, y);`, true, ["1:fit"]],
    ["model from another file", `import { model } from "./model";\nmodel.fit(x, y, { epochs: 3 });`, false, ["1:fit"]],
    ["fit of something else", `import { PCA } from "ml-pca";\npca.fit(x, y);\nscaler.fit(x);`, false, []],
    ["fit of one argument beside tfjs", `const tf = require("@tensorflow/tfjs");\nscaler.fit(x);`, false, []],
    [
      "in a comment and a string",
      `const tf = require("@tensorflow/tfjs");\n// model.fit(x, y)\nconst s = "model.fit(x, y)";`,
      false,
      [],
    ],
    [
      "hash-bang and top-level return",
      `#!/usr/bin/env node\nconst tf = require("@tensorflow/tfjs");\nmodel.fit(x, y);\nreturn;`,
      false,
      ["2:fit"],
    ],
    ["a package whose name only begins alike", `const tf = require("@tensorflow/tfjsx");\nmodel.fit(x, y);`, false, []],
  ])("%s", (_, text, isTypeScript, expected) => {
    expect(lines(text, isTypeScript)).toEqual(expected);
  });

  it("says nothing about text that cannot be parsed", () => {
    expect(lines(`const tf = require("@tensorflow/tfjs");\nmodel.fit(x, y`)).toBeNull();
  });
});
