import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { ListedRun } from "../../../src/run/runList.js";
import { runCli, workspace } from "../cli/cliProcess.js";
import { expectLines, expectTrained, javascript, runsOf, typescript } from "./threeUpdates.js";
import { scriptTools } from "./tools.js";

let tools = "";
beforeAll(async () => {
  tools = await scriptTools();
}, 240_000);

/** A project in which the tools are installed, and TensorFlow.js with a tfjs-node that does not load. */
function project(files: Readonly<Record<string, string>>): string {
  const cwd = workspace(files);
  symlinkSync(tools, join(cwd, "node_modules"));
  return cwd;
}

const tsconfig = JSON.stringify({
  compilerOptions: { module: "commonjs", target: "es2022", moduleResolution: "node", skipLibCheck: true, strict: true },
});
const babel = JSON.stringify({ plugins: ["@babel/plugin-transform-modules-commonjs"], sourceMaps: "inline" });

describe("TypeScript and compilers", () => {
  test.each<[string, Record<string, string>, readonly string[], string]>([
    ["tsx", { "train.ts": typescript }, ["tsx", "train.ts"], "train.ts"],
    ["ts-node", { "train.ts": typescript, "tsconfig.json": tsconfig }, ["ts-node", "-T", "train.ts"], "train.ts"],
    ["babel-node", { "train.js": javascript, ".babelrc": babel }, ["babel-node", "train.js"], "train.js"],
    [
      "an npm script",
      { "train.js": `${javascript}`, "package.json": npmScript("node train.js", true) },
      ["npm", "run", "--silent", "train"],
      "train.js",
    ],
  ])("%s", async (_, files, [command = "", ...args], source) => {
    const cwd = project(files);
    const program = command === "npm" ? command : join(tools, ".bin", command);
    expectTrained(cwd, await runCli(["exec", "--", program, ...args], { cwd }), source);
  });

  test("compiled by tsc, with source maps", async () => {
    const cwd = project({ "train.ts": typescript });
    const options = ["--module", "commonjs", "--target", "es2022", "--sourceMap", "--noCheck", "--outDir", "out"];
    const compiled = await runCli(["exec", "--", join(tools, ".bin/tsc"), ...options, "train.ts"], { cwd });
    expect(compiled.stdout).toBe("");
    expectTrained(cwd, await runCli(["train", "out/train.js"], { cwd }), "train.ts");
  });

  test("by Node itself, which takes the types away", async (context) => {
    const strips = Boolean((process.features as { readonly typescript?: unknown }).typescript);
    context.skip(!strips, `Node ${process.versions.node} runs no TypeScript by itself`);
    const cwd = project({ "train.ts": typescript, "package.json": '{"type":"module"}' });
    const end = await runCli(["train", "train.ts", "--node", process.execPath], { cwd });
    expectTrained(cwd, end, "train.ts");
  });

  test("tsx, by layerscope train on a Node that runs no TypeScript by itself", async () => {
    const cwd = project({ "train.ts": typescript, "package.json": '{"type":"module"}' });
    expectTrained(cwd, await runCli(["train", "train.ts"], { cwd }), "train.ts");
  });

  test("jest, which has a module registry of its own", async () => {
    const [, ...body] = javascript.split("\n").slice(0, -2);
    const begin = 'test("trains", async () => { const tf = require("@tensorflow/tfjs");';
    const cwd = workspace({
      "train.test.js": [begin, ...body, "await fitted; });"].join("\n"),
      "package.json": '{"jest":{"testEnvironment":"node"}}',
    });
    copyOfTensorflow(join(cwd, "node_modules"));
    const end = await runCli(["exec", "--", join(tools, ".bin/jest"), "--silent"], { cwd });
    expect(end.stderr).toMatch(/Tests: +1 passed/);
    expectLines(runsOf(cwd), join(cwd, "train.test.js"));
  });
});

function npmScript(train: string, isModule = false): string {
  return JSON.stringify({ scripts: { train }, ...(isModule ? { type: "module" } : {}) });
}

describe("where TensorFlow.js is installed", () => {
  /** A workspace with packages that have copies of their own, as the package managers lay them out. */
  test.each([
    ["npm and yarn: one copy hoisted, one nested", "hoisted"],
    ["pnpm: links into a store", "store"],
  ] as const)("%s", async (_, layout) => {
    const cwd = workspace();
    const scripts = ["a", "b"].map((name) => {
      const folder = join(cwd, "packages", name);
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, "train.mjs"), javascript);
      return join("packages", name, "train.mjs");
    });
    if (layout === "hoisted") {
      copyOfTensorflow(join(cwd, "node_modules"));
      copyOfTensorflow(join(cwd, "packages/b/node_modules"));
    } else {
      const store = join(cwd, "node_modules/.pnpm/@tensorflow+tfjs@4.22.0/node_modules");
      copyOfTensorflow(store);
      for (const name of ["a", "b"]) {
        const scope = join(cwd, "packages", name, "node_modules/@tensorflow");
        mkdirSync(scope, { recursive: true });
        for (const part of ["tfjs", "tfjs-node"]) symlinkSync(join(store, "@tensorflow", part), join(scope, part));
      }
    }
    for (const script of scripts) {
      const end = await runCli(["train", script], { cwd });
      expect({ code: end.code, stdout: end.stdout }).toEqual({ code: 0, stdout: "trained\n" });
      expectLines(runsOf(cwd).slice(0, 1), join(cwd, script));
    }
  });

  test("two copies in one process: the layers and updates of both", async () => {
    const cwd = workspace();
    for (const name of ["a", "b"]) {
      mkdirSync(join(cwd, name));
      copyOfTensorflow(join(cwd, name, "node_modules"));
      const named = javascript
        .replaceAll('name: "', `name: "${name}_`)
        .replace(/^import .*$/m, 'const tf = require("@tensorflow/tfjs");');
      writeFileSync(join(cwd, name, "train.cjs"), named.replace("fitted.then", "module.exports = fitted.then"));
    }
    writeFileSync(join(cwd, "both.cjs"), 'require("./a/train.cjs").then(() => require("./b/train.cjs"));');
    const end = await runCli(["train", "both.cjs"], { cwd });
    expect(end.stderr).not.toMatch(/switched itself off/);
    expect({ code: end.code, stdout: end.stdout }).toEqual({ code: 0, stdout: "trained\ntrained\n" });
    const { run } = runsOf(cwd)[0] as ListedRun;
    expect(run.steps).toBe(6);
    expect(run.layers.map(({ name }) => name)).toEqual(["a_dense", "a_norm", "b_dense", "b_norm"]);
  });

  test.each([
    ["tfjs-node-gpu", "@tensorflow/tfjs-node-gpu"],
    ["tfjs", "@tensorflow/tfjs"],
  ])("%s, not installed at all", async (_, name) => {
    const cwd = workspace({ "train.mjs": javascript.replace("@tensorflow/tfjs-node", name) });
    expectTrained(cwd, await runCli(["train", "train.mjs"], { cwd }), "train.mjs");
  });
});

/** Files of its own, so that it is a copy for Node too; tfjs-node is without its addon, as npm leaves it. */
function copyOfTensorflow(modules: string): void {
  const from = resolve("node_modules");
  const parts = [
    "tfjs",
    "tfjs-core",
    "tfjs-layers",
    "tfjs-data",
    "tfjs-converter",
    "tfjs-backend-cpu",
    "tfjs-backend-webgl",
  ];
  for (const part of parts) {
    const source = join(from, "@tensorflow", part);
    const { main }: { readonly main: string } = JSON.parse(readFileSync(join(source, "package.json"), "utf8"));
    for (const file of ["package.json", main]) cpSync(join(source, file), join(modules, "@tensorflow", part, file));
  }
  for (const file of ["package.json", "dist"]) {
    const path = join("@tensorflow/tfjs-node", file);
    cpSync(join(from, path), join(modules, path), { recursive: true });
  }
  for (const name of ["google-protobuf", "long", "node-fetch", "progress", "seedrandom", "string_decoder"]) {
    symlinkSync(join(from, name), join(modules, name));
  }
}
