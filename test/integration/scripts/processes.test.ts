import { symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { type ListedRun, listRuns } from "../../../src/run/runList.js";
import { runTree } from "../../../src/run/runTree.js";
import { type CliRun, runCli, startCli, waitFor, workspace } from "../cli/cliProcess.js";
import { trainingScript } from "../cli/scripts.js";

function runsOf(cwd: string): ListedRun[] {
  return listRuns(join(cwd, ".layerscope", "runs"));
}

/** A project with a TensorFlow.js of its own. */
function project(files: Readonly<Record<string, string>>): string {
  const cwd = workspace(files);
  symlinkSync(resolve("node_modules"), join(cwd, "node_modules"));
  return cwd;
}

describe("trees of processes", () => {
  test("cluster: each worker is a run below the primary's", async () => {
    const cwd = workspace({
      "train.js": `
        const cluster = require("node:cluster");
        if (cluster.isPrimary) {
          for (let worker = 0; worker < 2; worker++) cluster.fork();
          cluster.on("exit", (worker, code) => console.log("worker ended with", code));
        } else { ${trainingScript(4)} process.disconnect(); }`,
    });
    const { code, stdout, stderr } = await runCli(["train", "train.js"], { cwd });
    expect(code).toBe(0);
    expect(stdout.trim().split("\n").sort()).toEqual([
      "trained",
      "trained",
      "worker ended with 0",
      "worker ended with 0",
    ]);
    expect(stderr).toMatch(/did not train by itself, processes that it started did: runs/);
    const tree = runTree(runsOf(cwd));
    expect(tree.map(({ entry, depth }) => [depth, entry.run.steps, entry.status])).toEqual([
      [0, 0, "completed"],
      [1, 4, "completed"],
      [1, 4, "completed"],
    ]);
    const listed = (await runCli(["runs"], { cwd })).stdout.split("\n").slice(1, 4);
    expect(listed.map((line) => line.search(/\S/))).toEqual([0, 2, 2]);
  });

  test("a training parent, a worker thread and a fork of it: one tree", async () => {
    const cwd = workspace({
      "child.js": trainingScript(3),
      "train.js": `
        ${trainingScript(5)}
        const { Worker } = require("node:worker_threads");
        new Worker("./child.js").on("exit", () => require("node:child_process").fork("./child.js"));`,
    });
    const { code, stdout } = await runCli(["train", "train.js"], { cwd });
    expect({ code, stdout }).toEqual({ code: 0, stdout: "trained\ntrained\ntrained\n" });
    const tree = runTree(runsOf(cwd));
    expect(tree.map(({ entry, depth }) => [depth, entry.run.steps])).toEqual([
      [0, 5],
      [1, 3],
      [1, 3],
    ]);
  });
});

describe("interrupts", () => {
  /** Trains in `fit`, so that signals are seen; `handler` is the script's own. */
  const fitting = (handler: string) => `
    const tf = require("@tensorflow/tfjs-node");
    ${handler}
    const model = tf.sequential({ layers: [tf.layers.dense({ name: "dense", inputShape: [3], units: 2 })] });
    model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    model.fit(tf.ones([64, 3]), tf.ones([64, 2]), { epochs: 1e6, batchSize: 8, verbose: 0, yieldEvery: 20 });`;

  async function trainingOf(handler: string): Promise<{ cwd: string; cli: CliRun; processId: number }> {
    const cwd = workspace({ "train.js": fitting(handler) });
    const cli = startCli(["train", "train.js"], { cwd });
    const listed = await waitFor(() => runsOf(cwd).find(({ run }) => run.steps > 3), cli.stderr);
    return { cwd, cli, processId: listed.run.process.id };
  }

  test("SIGINT once ends a script that does not mind it, as without us", async () => {
    const { cwd, cli, processId } = await trainingOf("");
    process.kill(processId, "SIGINT");
    const { code, stdout, stderr } = await cli.end;
    expect({ code, stdout }).toEqual({ code: 130, stdout: "" });
    expect(stderr).toMatch(/layerscope: stopped, by SIGINT, \d+ steps/);
    expect(runsOf(cwd)[0]).toMatchObject({ status: "stopped", run: { signal: "SIGINT" } });
  });

  test("a script with a handler of its own ends itself: its exit code, recorded to its last step", async () => {
    const handler = `process.on("SIGINT", () => { console.log("saved"); process.exit(7); });`;
    const { cwd, cli, processId } = await trainingOf(handler);
    process.kill(processId, "SIGINT");
    expect(await cli.end).toMatchObject({ code: 7, stdout: "saved\n" });
    expect(runsOf(cwd)[0]).toMatchObject({ status: "failed", run: { exitCode: 7 } });
  });

  test("SIGINT twice: a script that ignores the first one dies of the second", async () => {
    const handler = `process.once("SIGINT", () => console.log("once more to end"));`;
    const { cwd, cli, processId } = await trainingOf(handler);
    process.kill(processId, "SIGINT");
    await waitFor(() => cli.stdout() === "once more to end\n", cli.stderr);
    const before = runsOf(cwd)[0]?.run.steps ?? 0;
    await waitFor(() => (runsOf(cwd)[0]?.run.steps ?? 0) > before, cli.stderr);
    process.kill(processId, "SIGINT");
    expect((await cli.end).code).toBe(130);
    expect(runsOf(cwd)[0]?.status).toBe("stopped");
  });
});

describe("surroundings", () => {
  test("two runs of one script at the same time", async () => {
    const cwd = workspace({ "train.js": trainingScript(20) });
    const ends = await Promise.all([1, 2].map(() => runCli(["train", "train.js"], { cwd })));
    expect(ends.map(({ code, stdout }) => [code, stdout])).toEqual([
      [0, "trained\n"],
      [0, "trained\n"],
    ]);
    expect(runsOf(cwd).map(({ run, status }) => [status, run.steps, run.parent])).toEqual([
      ["completed", 20, null],
      ["completed", 20, null],
    ]);
  });

  test("NODE_OPTIONS that others have set", async () => {
    const cwd = workspace({
      "other's preload.cjs": `globalThis.preloaded = "by others";`,
      "train.js": `console.log(globalThis.preloaded, process.execArgv.length, process.env.NODE_OPTIONS);${trainingScript(2)}`,
    });
    const options = `--require "${join(cwd, "other's preload.cjs")}" --no-deprecation`;
    for (const args of [
      ["train", "train.js"],
      ["exec", "--", "node", "train.js"],
    ]) {
      const { code, stdout } = await runCli(args, { cwd, env: { NODE_OPTIONS: options } });
      expect(code).toBe(0);
      expect(stdout).toMatch(/^by others \d .*--no-deprecation\ntrained\n$/);
    }
    expect(runsOf(cwd).map(({ run }) => run.steps)).toEqual([2, 2]);
  });

  test("Node's permission model: the script may do what it may, the run is recorded or one sentence says why not", async () => {
    const flag = Number.parseInt(process.versions.node, 10) < 24 ? "--experimental-permission" : "--permission";
    const script = `${trainingScript(3)} console.log(process.permission.has("fs.write"));`;
    const cwd = project({ "train.js": script });
    const all = ["--allow-fs-read=*", "--allow-fs-write=*", "--allow-worker"];
    for (const rights of [all.slice(0, 1), all.slice(0, 2), ["--allow-fs-read=*", "--allow-worker"], all]) {
      const before = runsOf(cwd).length;
      const { code, stdout, stderr } = await runCli(["exec", "--", process.execPath, flag, ...rights, "train.js"], {
        cwd,
      });
      const mayWrite = rights.includes("--allow-fs-write=*");
      expect({ code, stdout, stderr }).toMatchObject({ code: 0, stdout: `trained\n${mayWrite}\n` });
      const reasons = stderr.split("\n").filter((line) => line.includes("--allow-worker and --allow-fs-write="));
      // Some versions of Node let a thread write what its process may not.
      const made = runsOf(cwd).length - before;
      expect(made + reasons.length, stderr).toBe(1);
      if (rights === all) expect(made).toBe(1);
      if (!rights.includes("--allow-worker")) expect(reasons).toHaveLength(1);
    }
  });

  test("the engine replaced: the script's own engine computes, as without us", async () => {
    const cwd = project({
      "train.js": `
        const tf = require("@tensorflow/tfjs");
        const first = globalThis._tfengine;
        const other = Object.assign(Object.create(Object.getPrototypeOf(first)), first);
        globalThis._tfengine = other;
        console.log(globalThis._tfengine === other, tf.engine() === first);
        delete globalThis._tfengine;
        console.log(globalThis._tfengine === undefined);
        globalThis._tfengine = first;
        ${trainingScript(3).replace('const tf = require("@tensorflow/tfjs-node");', "")}`,
    });
    const { code, stdout, stderr } = await runCli(["train", "train.js", "--engine", "auto"], { cwd });
    expect(stderr).not.toMatch(/switched itself off|TypeError/);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "true true\ntrue\ntrained\n" });
    expect(runsOf(cwd)[0]?.run.steps).toBe(3);
  });
});
