import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { runCli, startCli, waitFor, workspace } from "../cli/cliProcess.js";
import { expectLines, expectTrained, javascript, runsOf, typescript } from "./threeUpdates.js";
import { scriptTools } from "./tools.js";

let tools = "";
beforeAll(async () => {
  tools = await scriptTools();
}, 240_000);

const required = javascript.replace(/^import.*/, 'const tf = require("@tensorflow/tfjs-node");');

/** The same updates, over before the next line is read. */
const atOnce = [
  ...required.split("\n").slice(0, 6),
  "const loss = () => model.apply(tf.ones([12, 12]), { training: true }).sub(1).square().mean();",
  'for (let step = 0; step < 3; step++) tf.train.sgd(0.1).minimize(loss); console.log("trained");\n',
].join("\n");

/** A project with our own packages: a TensorFlow.js whose tfjs-node has no addon, and vitest. */
function project(files: Readonly<Record<string, string>>): string {
  const cwd = workspace(files);
  symlinkSync(resolve("node_modules"), join(cwd, "node_modules"));
  return cwd;
}

/** The training as a test whose first line is `begin`; the other lines stay where they are. */
function asTest(begin: string, source = javascript): string {
  return [begin, ...source.split("\n").slice(1, -2), "await fitted; });"].join("\n");
}

function exec(cwd: string, ...command: readonly string[]) {
  return runCli(["exec", "--engine", "embedded", "--", ...command], { cwd, env: { VITEST: undefined } });
}

describe("test runners", () => {
  const imported = 'import * as tf from "@tensorflow/tfjs-node";';
  const required = 'const tf = require("@tensorflow/tfjs-node");';

  test.each<[string, string, string, readonly string[]]>([
    ["mocha", "train.spec.js", asTest(`it("trains", async () => { ${required}`), ["train.spec.js"]],
    ["mocha", "train.spec.js", asTest(`it("trains", async () => { ${required}`), ["--parallel", "train.spec.js"]],
  ])("%s %s %#", async (program, file, text, args) => {
    const cwd = project({ [file]: text });
    const end = await exec(cwd, join(tools, ".bin", program), ...args);
    expect({ code: end.code, passed: /1 passing/.test(end.stdout) }, end.stdout).toEqual({ code: 0, passed: true });
    expectLines(runsOf(cwd), join(cwd, file));
  });

  // vitest ends its processes and threads as soon as they have answered.
  test.each(["threads", "forks"])("vitest, pool %s", async (pool) => {
    const cwd = project({ "train.test.ts": asTest(`${imported} test("trains", async () => {`, typescript) });
    const end = await exec(cwd, resolve("node_modules/.bin/vitest"), "run", "--globals", `--pool=${pool}`);
    expect(end.code, end.stdout + end.stderr).toBe(0);
    expectLines(runsOf(cwd), join(cwd, "train.test.ts"));
  });

  test("node --test", async () => {
    const begin = `${imported} import { test } from "node:test"; test("trains", async () => {`;
    const cwd = project({ "train.test.mjs": asTest(begin) });
    const end = await exec(cwd, "node", "--test", "train.test.mjs");
    expect(end.code, end.stdout).toBe(0);
    expectLines(runsOf(cwd), join(cwd, "train.test.mjs"));
  });
});

describe("Node without a script's file", () => {
  test.each<[string, readonly string[], string]>([
    ["node -e", ["-e", required], ""],
    ["node --input-type=module -e", ["--input-type=module", "-e", javascript], ""],
    ["node -, from stdin", ["-"], required],
    // It ends with its input, whatever is still to come.
    ["the REPL", ["-i"], atOnce],
  ])("%s: trained and recorded, and no line is named", async (_, args, stdin) => {
    const cwd = project({});
    const end = await runCli(["exec", "--engine", "embedded", "--", "node", ...args], { cwd, stdin });
    expect({ code: end.code, trained: /\btrained\n/.test(end.stdout) }, end.stderr).toEqual({ code: 0, trained: true });
    expect(runsOf(cwd).map(({ run }) => run.steps)).toEqual([3]);
    expect(runsOf(cwd)[0]?.run.layers.map(({ name, source }) => [name, source])).toEqual([
      ["dense", null],
      ["norm", null],
    ]);
  });
});

describe("programs that start the script", () => {
  test("node --env-file", async () => {
    const cwd = project({
      "train.mjs": `${javascript}console.error(process.env.FROM_FILE);`,
      ".env": "FROM_FILE=read",
    });
    const end = await exec(cwd, "node", "--env-file=.env", "train.mjs");
    expect(end.stderr).toMatch(/^read$/m);
    expectTrained(cwd, end, "train.mjs");
  });

  test.each<[string, string, string]>([
    ["node --watch", "train.mjs", javascript],
    ["tsx watch", "train.ts", typescript],
    ["nodemon", "train.mjs", javascript],
  ])("%s: goes on until Ctrl+C", async (command, file, text) => {
    const [program = "", ...args] = command.split(" ");
    const cwd = project({ [file]: text, "package.json": '{"type":"module"}' });
    const path = program === "node" ? program : join(tools, ".bin", program);
    const cli = startCli(["exec", "--engine", "embedded", "--", path, ...args, file], { cwd });
    await waitFor(() => runsOf(cwd)[0]?.status === "completed", cli.stderr);
    cli.child.kill("SIGINT");
    const { stderr } = await cli.end;
    expect(stderr).toContain("completed, 3 steps");
    expectLines(runsOf(cwd), join(cwd, file));
  });

  test("concurrently and npm-run-all: a run for each", async () => {
    const cwd = project({
      "train.mjs": javascript,
      "package.json": JSON.stringify({ scripts: { a: "node train.mjs", b: "node train.mjs" } }),
    });
    for (const command of [
      ["concurrently", "node train.mjs", "node train.mjs"],
      ["npm-run-all", "--parallel", "a", "b"],
    ]) {
      const end = await exec(cwd, join(tools, ".bin", command[0] as string), ...command.slice(1));
      expect(end.code, end.stderr).toBe(0);
      expect(end.stdout.match(/\btrained\n/g)).toHaveLength(2);
    }
    expect(runsOf(cwd).map(({ run }) => run.steps)).toEqual([3, 3, 3, 3]);
  });

  test("a manager such as pm2, which loads the script as its own main module", async () => {
    const cwd = project({
      "train.cjs": required,
      "container.cjs": 'require("node:module")._load(require.resolve("./train.cjs"), null, true);',
    });
    expectTrained(cwd, await exec(cwd, "node", "container.cjs"), "train.cjs");
    expect(runsOf(cwd)[0]?.run.script.path).toBe(join(cwd, "train.cjs"));
  });

  test("a loader that tells nobody what became of the lines: none is named", async () => {
    const cwd = project({ "train.ts": typescript, "package.json": '{"type":"module"}' });
    const loader = `
      export async function load(url, context, next) {
        if (!url.endsWith("train.ts")) return next(url, context);
        return { format: "module", shortCircuit: true, source: ${JSON.stringify(javascript.replace("\n\n", "\n"))} };
      }`;
    writeFileSync(join(cwd, "loader.mjs"), loader);
    const end = await exec(cwd, "node", "--experimental-loader", "./loader.mjs", "train.ts");
    expect(end).toMatchObject({ code: 0, stdout: "trained\n" });
    expect(runsOf(cwd)[0]?.run.layers.map(({ source }) => source)).toEqual([null, null]);
  });
});

describe("Yarn's Plug'n'Play", () => {
  let cwd = "";
  const yarn = () => [process.execPath, join(tools, "@yarnpkg/cli-dist/bin/yarn.js")];

  beforeAll(async () => {
    cwd = workspace({
      "package.json": JSON.stringify({
        private: true,
        scripts: { train: "node train.mjs" },
        dependencies: {
          "@tensorflow/tfjs": `link:${resolve("node_modules/@tensorflow/tfjs")}`,
          tsx: `link:${join(tools, "tsx")}`,
        },
      }),
      ".yarnrc.yml": "nodeLinker: pnp\nenableTelemetry: false\nenableImmutableInstalls: false\n",
      "yarn.lock": "",
    });
    for (const [name, text] of [
      ["train.mjs", javascript],
      ["train.ts", typescript],
    ] as const) {
      writeFileSync(join(cwd, name), text.replace("tfjs-node", "tfjs"));
    }
    const [node = "", file = ""] = yarn();
    const end = await runCli(["exec", "--", node, file, "install"], { cwd });
    expect(end.code, end.stdout).toBe(0);
  }, 120_000);

  /** The project's own TensorFlow.js, not the one that stands in where there is none. */
  function expectOwn(count: number): void {
    const runs = runsOf(cwd);
    expect(runs.map(({ run }) => run.engine?.name)).toEqual(Array(count).fill("cpu"));
    expectLines(runs.slice(0, 1), runs[0]?.run.script.path ?? "");
  }

  test("layerscope train finds the packages as yarn does, and so do yarn node and yarn run below exec", async () => {
    mkdirSync(join(cwd, "folder"));
    const commands = [
      ["train", "train.mjs"],
      ["train", "train.ts"],
      ["exec", "--", ...yarn(), "node", "train.mjs"],
      ["exec", "--", ...yarn(), "run", "train"],
    ];
    for (const [index, args] of commands.entries()) {
      const end = await runCli(args, { cwd });
      expect({ code: end.code, stdout: end.stdout.trim() }, end.stderr).toEqual({ code: 0, stdout: "trained" });
      expectOwn(index + 1);
    }
  });
});
