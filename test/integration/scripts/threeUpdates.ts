import { join } from "node:path";
import { expect } from "vitest";
import { type ListedRun, listRuns } from "../../../src/run/runList.js";
import type { CliEnd } from "../cli/cliProcess.js";

/** Three updates; `dense` is made in line 4 and `norm` in line 5, whatever compiles this. */
export const typescript = `import * as tf from "@tensorflow/tfjs-node";
interface Sizes { readonly units: number }
const sizes: Sizes = { units: 4 };
const dense = tf.layers.dense({ inputShape: [12], units: sizes.units, name: "dense" });
const norm = tf.layers.batchNormalization({ name: "norm" });
const model = tf.sequential({ layers: [dense, norm] });
model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
const fitted: Promise<tf.History> = model.fit(tf.ones([12, 12]), tf.ones([12, 4]), { epochs: 3, verbose: 0 });
fitted.then(() => console.log("trained"));
`;
/** The same with nothing that only TypeScript understands. */
export const javascript = typescript
  .replace(/interface.*\n/, "\n")
  .replace(": Sizes", "")
  .replace(": Promise<tf.History>", "");

export function runsOf(cwd: string): ListedRun[] {
  return listRuns(join(cwd, ".layerscope", "runs"));
}

export function expectTrained(cwd: string, end: Pick<CliEnd, "code" | "stdout" | "stderr">, source: string): void {
  expect(end.stderr).not.toMatch(/switched itself off/);
  expect({ code: end.code, stdout: end.stdout.trim().split("\n").at(-1) }).toEqual({ code: 0, stdout: "trained" });
  expectLines(runsOf(cwd), join(cwd, source));
}

export function expectLines(runs: readonly ListedRun[], file: string): void {
  expect(runs.map(({ run }) => run.steps)).toEqual([3]);
  expect(runs[0]?.run.layers.map(({ name, source }) => [name, source?.file, source?.line])).toEqual([
    ["dense", file, 4],
    ["norm", file, 5],
  ]);
}
