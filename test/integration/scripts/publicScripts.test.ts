import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { BackendOptions } from "../../../src/protocol/options.js";
import { type RecordedRun, runScript } from "../backend/runScript.js";
import { nativeModules } from "../engine/nativeModules.js";
import { isConstructorCall } from "./constructorCalls.js";
import { fetchScript, OutOfReach } from "./fetchScript.js";
import { type PublicScript, publicScripts } from "./publicScripts.js";
import { scriptTools } from "./tools.js";

type Engine = "embedded" | "native" | "plain";

const comparedSteps = 20;
const native = nativeModules();
const seed = resolve("test/integration/scripts/seeded.cjs");

let work = "";
let tools = "";
const outOfReach = new Map<string, string>();

/** Each engine has a folder with its TensorFlow.js; the tools lie above them. */
beforeAll(async () => {
  tools = await scriptTools();
  work = realpathSync(mkdtempSync(join(tmpdir(), "layerscope-public-")));
  symlinkSync(tools, join(work, "node_modules"));
  for (const engine of ["embedded", "native", "plain"] as const) {
    installTensorflow(
      join(work, engine, "node_modules/@tensorflow"),
      engine === "native" ? native : resolve("node_modules"),
    );
  }
  for (const script of publicScripts) {
    try {
      for (const engine of enginesOf(script)) prepare(script, engine);
    } catch (error) {
      if (!(error instanceof OutOfReach)) throw error;
      outOfReach.set(script.name, error.message);
    }
  }
}, 240_000);
afterAll(() => rmSync(work, { recursive: true, force: true }));

describe.each(publicScripts)("$name ($kind)", (script) => {
  const losses: number[] = [];

  test("embedded engine: output, updates, layers and lines are right", (context) => {
    context.skip(outOfReach.has(script.name), outOfReach.get(script.name));
    const bare = run(script, "embedded", { engineOnly: true });
    const watched = run(script, "embedded");
    expectSame(script, bare, watched);
    losses.push(...firstLosses(watched.run));
  });

  test.runIf(script.plain !== "only")(
    "native engine: output, updates, layers and lines are right, losses as on the embedded one",
    (context) => {
      context.skip(outOfReach.has(script.name), outOfReach.get(script.name));
      context.skip(native === null, "no native tfjs-node here (layerscope engine install, or LAYERSCOPE_TEST_NATIVE)");
      const bare = run(script, "native", null);
      const watched = run(script, "native");
      expectSame(
        script,
        script.draws === undefined ? bare : { ...watched, updates: drawn(script, bare, watched) },
        watched,
      );
      expect(watched.run.run.engine?.name).toBe("tfjs-node");
      if (script.draws !== "actions") expectLosses(script, firstLosses(watched.run), losses);
    },
  );

  if (script.plain !== undefined)
    test("plain JavaScript: the same, losses as on the embedded engine", (context) => {
      context.skip(outOfReach.has(script.name), outOfReach.get(script.name));
      const bare = run(script, "plain", null);
      const watched = run(script, "plain");
      expectSame(script, bare, watched);
      expect(watched.run.run.engine?.name).toBe("cpu");
      expectLosses(script, firstLosses(watched.run), losses);
    });
});

/** Where the engine draws, two runs print different things, and where it draws actions they also end at other times. */
function drawn(script: PublicScript, bare: Outcome, watched: Outcome): number {
  return script.draws === "actions" ? watched.updates : bare.updates;
}

interface Outcome {
  readonly exitCode: number | null;
  readonly output: string;
  readonly updates: number;
}

function expectSame(script: PublicScript, bare: Outcome, watched: Outcome & { readonly run: RecordedRun }): void {
  expect({ exitCode: watched.exitCode, output: watched.output }).toEqual({
    exitCode: 0,
    output: bare.output,
  });
  expect(bare.updates).toBeGreaterThan(0);
  expect(watched.updates).toBe(bare.updates);
  const { status, steps, layers } = watched.run.run;
  expect({ status, steps }).toEqual({ status: "completed", steps: bare.updates });
  const made = layers.filter(({ call, className }) => call === 1 && className !== "Input");
  expect(made).toHaveLength(script.layers);
  const wrong = made
    .filter((layer) => !isConstructorCall(layer))
    .map(({ path, className, source }) => ({ path, className, source }));
  expect(wrong.length / Math.max(made.length, 1), JSON.stringify(wrong)).toBeLessThanOrEqual(0.05);
}

function firstLosses({ rows }: RecordedRun): number[] {
  return rows
    .filter(({ table, step }) => table === "steps" && step <= comparedSteps)
    .map(({ row }) => row.loss)
    .filter((loss): loss is number => typeof loss === "number");
}

function expectLosses({ lossTolerance }: PublicScript, got: readonly number[], wanted: readonly number[]): void {
  expect(wanted.length).toBeGreaterThan(0);
  expect(got).toHaveLength(wanted.length);
  for (const [step, loss] of got.entries()) {
    const other = wanted[step] as number;
    expect(
      Math.abs(loss - other) / Math.max(Math.abs(other), 1e-3),
      `step ${step + 1}: ${loss}, ${other}`,
    ).toBeLessThan(lossTolerance);
  }
}

/** tfjs-node-gpu is tfjs-node with another library below it. */
function installTensorflow(scope: string, modules: string | null): void {
  if (modules === null) return;
  mkdirSync(scope, { recursive: true });
  const from = join(modules, "@tensorflow");
  for (const name of readdirSync(from)) symlinkSync(join(from, name), join(scope, name));
  symlinkSync(join(from, "tfjs-node"), join(scope, "tfjs-node-gpu"));
}

function enginesOf({ plain }: PublicScript): readonly Engine[] {
  const engines: Engine[] = ["embedded"];
  if (native !== null && plain !== "only") engines.push("native");
  if (plain !== undefined) engines.push("plain");
  return engines;
}

function folderOf({ name }: PublicScript, engine: Engine): string {
  return join(work, engine, name.replaceAll("/", "-"));
}

function prepare(script: PublicScript, engine: Engine): void {
  const folder = folderOf(script, engine);
  mkdirSync(folder, { recursive: true });
  fetchScript(script.source, folder);
  const files = script.files?.(engine === "plain" ? "@tensorflow/tfjs" : "@tensorflow/tfjs-node") ?? {};
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  if (script.loader !== "tsc") return;
  const compiler = join(tools, "typescript/bin/tsc");
  const options = ["--module", "commonjs", "--target", "es2022", "--sourceMap", "--noCheck", "--outDir", "compiled"];
  const { status, stdout } = spawnSync(process.execPath, [compiler, ...options, script.script], {
    cwd: folder,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`tsc failed on ${script.script}: ${stdout}`);
}

/** `options` null: without us. */
function run(script: PublicScript, engine: Engine, options: Partial<BackendOptions> | null = {}) {
  const folder = folderOf(script, engine);
  const updatesFile = join(folder, "updates.txt");
  rmSync(updatesFile, { force: true });
  const file = script.loader === "tsc" ? join("compiled", basename(script.script).replace(/ts$/, "js")) : script.script;
  const loader = script.loader === "tsx" ? ["--import", pathToFileURL(join(tools, "tsx/dist/loader.mjs")).href] : [];
  const result = runScript(
    join(folder, file),
    { engine: engine === "embedded" ? "embedded" : "auto", budget: "5", ...options },
    {
      arguments: script.arguments ?? [],
      workingFolder: folder,
      nodeArguments: ["--require", seed, ...loader],
      bare: options === null,
      env: {
        IS_BARE: options === null ? "1" : "",
        UPDATES: String(script.updates),
        UPDATES_FILE: updatesFile,
        TF_CPP_MIN_LOG_LEVEL: "2",
      },
    },
  );
  if (result.exitCode !== 0 || !existsSync(updatesFile)) {
    // Not as lines of a stack: vitest would look for those in the script's own source maps.
    throw new Error(`${script.name}: ${result.stderr.replaceAll(/^/gm, "| ")}`);
  }
  const output = withoutTimes(result.stdout);
  const updates = Number(readFileSync(updatesFile, "utf8"));
  return { exitCode: result.exitCode, output, updates, run: result.runs[0] as RecordedRun };
}

/** Durations and speeds are all that may differ. */
function withoutTimes(text: string): string {
  return text.replaceAll(/\b\d+(?:\.\d+)?\s?(?:ms|us|s)\b(?: \d+us)?|(?<=\()[\d.]+(?= frames\/s)/g, "…");
}
