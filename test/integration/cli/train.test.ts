import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import type { RunFile } from "../../../src/run/format.js";
import { listRuns } from "../../../src/run/runList.js";
import { cliJson, runCli, startCli, waitFor, workspace } from "./cliProcess.js";
import { trainingScript } from "./scripts.js";

function onlyRun(cwd: string): RunFile {
  const [listed, second] = listRuns(join(cwd, ".layerscope", "runs"));
  if (listed === undefined || second !== undefined) throw new Error("Wanted one run.");
  return { ...listed.run, status: listed.status };
}

describe("layerscope train", () => {
  it("leaves stdin, stdout, arguments and exit code to the script, and says two lines on stderr", async () => {
    const script = `
      process.stdin.on("data", (text) => console.log("in:" + text));
      console.log(JSON.stringify(process.argv.slice(2)), process.argv[1] === __filename, process.execArgv.length);
      process.stdin.on("end", () => { process.exitCode = 7; });`;
    const cwd = workspace({ "a.js": script });
    const { code, stdout, stderr } = await runCli(["train", "a.js", "--", "--x", "a b", "--"], { cwd, stdin: "hello" });
    expect(code).toBe(7);
    expect(stdout).toBe('["--x","a b","--"] true 2\nin:hello\n');
    const lines = stderr.trim().split("\n");
    expect(lines).toHaveLength(2);
    const folder = listRuns(join(cwd, ".layerscope", "runs"))[0]?.folder ?? "";
    for (const line of lines) expect(line).toMatch(/^layerscope: .*/);
    for (const line of lines) expect(line).toContain(folder);
    expect(readFileSync(join(cwd, ".layerscope", ".gitignore"), "utf8")).toBe("*\n");
    expect(onlyRun(cwd)).toMatchObject({ status: "failed", exitCode: 7, script: { arguments: ["--x", "a b", "--"] } });
  });

  it("is not started again by a window that takes it up after a reload; a person starts it again later", async () => {
    const cwd = workspace({ "a.js": "" });
    const env = { LAYERSCOPE_LAUNCH: "one" };
    const takenUp = (secondsAgo: number) => ({
      ...env,
      LAYERSCOPE_TAKEN_UP: new Date(Date.now() - 1000 * secondsAgo).toISOString(),
    });
    await runCli(["train", "a.js"], { cwd, env: takenUp(1) });
    const { code, stderr } = await runCli(["train", "a.js"], { cwd, env: takenUp(1) });
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: "layerscope: this training ended while the window was reloaded; it is not started again\n",
    });
    expect(onlyRun(cwd).launch).toBe("one");
    await runCli(["train", "a.js"], { cwd, env: takenUp(100) });
    expect(listRuns(join(cwd, ".layerscope", "runs"))).toHaveLength(2);
  });

  it("records a training to its last step", async () => {
    const cwd = workspace({ "train.js": trainingScript(30) });
    const { code, stdout, stderr } = await runCli(["train", "train.js", "--budget", "every"], { cwd });
    expect(stderr).toMatch(/completed, 30 steps, engine embedded/);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "trained\n" });
    const run = onlyRun(cwd);
    expect(run).toMatchObject({
      status: "completed",
      exitCode: 0,
      steps: 30,
      control: null,
      error: null,
      budget: "every",
    });
    expect(run.layers.map(({ name }) => name)).toEqual(["hidden", "norm", "out"]);
  });

  it("records what a script did that ends in process.exit in the middle of training", async () => {
    const cwd = workspace({ "train.js": trainingScript(30, "if (step === 12) process.exit(3);") });
    const { code, stderr } = await runCli(["train", "train.js"], { cwd });
    expect(code).toBe(3);
    expect(stderr).toMatch(/failed, exit code 3, 12 steps/);
    expect(onlyRun(cwd)).toMatchObject({ status: "failed", exitCode: 3, steps: 12 });
  });

  it("records a script that throws in the middle of training, with its error", async () => {
    const cwd = workspace({ "train.js": trainingScript(30, 'if (step === 5) throw new Error("no more data");') });
    const { code, stderr } = await runCli(["train", "train.js"], { cwd });
    expect(code).toBe(1);
    expect(stderr).toContain("Error: no more data");
    const run = onlyRun(cwd);
    expect(run).toMatchObject({ status: "failed", exitCode: 1, steps: 5 });
    expect(run.error?.message).toContain("no more data");
  });

  it.each([
    [
      "never loads TensorFlow.js",
      "console.log(1)",
      0,
      /completed, 0 steps\. The script never loaded TensorFlow\.js.*layerscope exec/,
    ],
    [
      "loads it and never trains",
      'require("@tensorflow/tfjs").tensor([1]).dispose()',
      0,
      /completed, 0 steps.*nothing was trained: call model\.fit/,
    ],
    ["has a syntax error", "const = 1", 1, /failed, exit code 1, 0 steps/],
  ])("says in one line what came of a script that %s", async (_, script, exitCode, line) => {
    const cwd = workspace({ "a.js": script });
    const { code, stderr } = await runCli(["train", "a.js"], { cwd });
    expect(code).toBe(exitCode);
    expect(stderr.trim().split("\n").at(-1)).toMatch(line);
  });

  it("names the run of a child process that trains in the script's place", async () => {
    const cwd = workspace({
      "main.js": 'require("node:child_process").fork("./train.js").on("exit", (code) => process.exit(code));',
      "train.js": trainingScript(3),
    });
    const { code, stdout, stderr } = await runCli(["train", "main.js"], { cwd });
    expect({ code, stdout }).toEqual({ code: 0, stdout: "trained\n" });
    const child = listRuns(join(cwd, ".layerscope", "runs"))[0]?.run;
    expect(child).toMatchObject({ steps: 3, status: "completed" });
    expect(stderr).toContain(
      `The script did not train by itself, a process that it started did: run ${child?.id} (3 steps).`,
    );
  });

  it("records elsewhere, and says so, where the workspace cannot be written", async () => {
    const cwd = workspace({ "train.js": trainingScript(3), taken: "" });
    const { code, stdout, stderr } = await runCli(["train", "train.js", "--runs", "taken/runs"], { cwd });
    expect({ code, stdout }).toEqual({ code: 0, stdout: "trained\n" });
    const [problem, , end] = stderr.trim().split("\n");
    expect(problem).toMatch(/^layerscope: cannot write to .*taken.runs \(\w+\), so the run is recorded in /);
    const folder = end?.split("Run folder: ")[1] ?? "";
    expect(existsSync(join(folder, "steps.0.arrow"))).toBe(true);
  });

  it.skipIf(process.platform === "win32")("gives a script its engine where nothing can be written", async () => {
    const cwd = workspace({ "train.js": trainingScript(3) });
    // A limit on the size of files takes the part of a full disk.
    const command = 'ulimit -f 0; exec "$0" "$@"';
    const cli = resolve(process.env.LAYERSCOPE_DIST ?? "dist", "cli.cjs");
    const { status, stdout, stderr } = spawnSync("sh", ["-c", command, process.execPath, cli, "train", "train.js"], {
      cwd,
      encoding: "utf8",
    });
    expect(stderr).toMatch(/^layerscope: running the script without statistics, since .* cannot be written: .*$/m);
    expect({ status, stdout }).toEqual({ status: 0, stdout: "trained\n" });
  });

  it("keeps the script's exit code when the run folder is taken away", async () => {
    const cwd = workspace({
      "a.js": 'require("node:fs").rmSync(".layerscope", { recursive: true }); process.exit(9);',
    });
    const { code, stderr } = await runCli(["train", "a.js"], { cwd });
    expect(code).toBe(9);
    expect(stderr).toMatch(/the run cannot be completed: The run folder .* is not there \(deleted or moved\)\.\n$/);
  });

  it.each<[NodeJS.Signals, number, string]>([
    ["SIGINT", 130, "stopped"],
    ["SIGTERM", 143, "stopped"],
  ])("hands %s on to the script", async (signal, exitCode, status) => {
    const cwd = workspace({ "train.js": trainingScript(1e6) });
    const run = startCli(["train", "train.js"], { cwd });
    await waitFor(() => listRuns(join(cwd, ".layerscope", "runs"))[0]?.run.steps || null, run.stderr);
    run.child.kill(signal);
    expect((await run.end).code).toBe(exitCode);
    expect(onlyRun(cwd)).toMatchObject({ status, signal });
  });

  it("lets a script that handles SIGINT end in its own way", async () => {
    const script = 'process.on("SIGINT", () => process.exit(0)); setInterval(() => {}, 100); console.log("ready");';
    const run = startCli(["train", "a.js"], { cwd: workspace({ "a.js": script }) });
    await waitFor(() => run.stdout().includes("ready"), run.stderr);
    run.child.kill("SIGINT");
    expect((await run.end).code).toBe(0);
  });

  it("counts the steps of a script that was killed by what is on disk, everywhere alike", async () => {
    const killSoon =
      'globalThis.startMs ??= Date.now(); if (Date.now() - startMs > 700) process.kill(process.pid, "SIGKILL");';
    const cwd = workspace({ "train.js": trainingScript(1e6, killSoon) });
    const { stderr } = await runCli(["train", "train.js"], { cwd });
    const [run] = await cliJson<{ steps: number }[]>(["runs"], cwd);
    const shown = await cliJson<{ steps: number }>(["show", "latest"], cwd);
    expect(run?.steps).toBe(shown.steps);
    expect(stderr).toContain(`, ${shown.steps} steps,`);
  });
  it("tells a script that was killed from one that failed", async () => {
    const cwd = workspace({ "a.js": 'process.kill(process.pid, "SIGKILL")' });
    const { code, stderr } = await runCli(["train", "a.js"], { cwd });
    expect(code).toBe(137);
    expect(stderr).toContain("interrupted, by SIGKILL");
  });

  it.each([
    [["train"], 64, /Missing SCRIPT\. Usage: layerscope train SCRIPT/],
    [["train", "nowhere.js"], 66, /No script at .*nowhere\.js/],
    [["train", "a.js", "b.js"], 64, /Got b\.js after SCRIPT a\.js/],
    [["train", "a.js", "--epochs", "3"], 64, /Unknown option '--epochs'/],
    [["train", "a.js", "--engine", "gpu"], 64, /Got --engine gpu, wanted auto, native, embedded/],
    [["train", "a.js", "--budget", "0"], 64, /Got --budget 0, wanted a percentage/],
    [["train", "a.js", "--budget", "all"], 64, /Got --budget all/],
    [["train", "a.js", "--node", "./no-node"], 66, /No Node at .*no-node/],
    [["train", "a.js", "--node", "./old-node"], 64, /old-node is Node v18\.19\.0; Layerscope needs Node 20 or newer/],
    [["dance"], 64, /Got dance, wanted one of train, exec/],
    [[], 64, /Got no command/],
  ])("refuses %j with %i and one line", async (args, exitCode, line) => {
    const cwd = workspace({ "a.js": "" });
    const oldNode = join(cwd, "old-node");
    writeFileSync(oldNode, "#!/bin/sh\necho v18.19.0\n");
    chmodSync(oldNode, 0o755);
    const { code, stdout, stderr } = await runCli(args, { cwd });
    expect(code).toBe(exitCode);
    expect(stdout).toBe("");
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(stderr).toMatch(line);
    expect(existsSync(join(cwd, ".layerscope"))).toBe(false);
  });

  it("says what TypeScript needs on a Node that does not run it", async () => {
    const node22 = process.versions.node.split(".").map(Number);
    const strips = (node22[0] ?? 0) > 22 || ((node22[0] ?? 0) === 22 && (node22[1] ?? 0) >= 18);
    const { code, stderr, stdout } = await runCli(["train", "a.ts"], {
      cwd: workspace({ "a.ts": "const a: number = 1; console.log(a);" }),
    });
    if (strips) expect({ code, stdout }).toEqual({ code: 0, stdout: "1\n" });
    else
      expect({ code, stderr }).toEqual({
        code: 64,
        stderr: expect.stringMatching(/is TypeScript, which Node .* install tsx/),
      });
  });
});
