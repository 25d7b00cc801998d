import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { listRuns } from "../../../src/run/runList.js";
import { runCli, workspace } from "./cliProcess.js";
import { trainingScript } from "./scripts.js";

describe("layerscope exec", () => {
  it("records every node process below the command that trains, and keeps its output and exit code", async () => {
    const cwd = workspace({
      "train.js": trainingScript(4),
      "parent.js": `
        const { spawnSync } = require("node:child_process");
        for (const i of [1, 2]) spawnSync(process.execPath, ["train.js"], { stdio: "inherit" });
        console.log(process.env.NODE_OPTIONS.endsWith("--no-deprecation"));
        process.exit(5);`,
      "run.sh": 'echo begin; node parent.js; code=$?; echo end "$1"; exit $code',
    });
    const args = ["exec", "--engine", "embedded", "--", "sh", "run.sh", "a b"];
    const { code, stdout, stderr } = await runCli(args, { cwd, env: { NODE_OPTIONS: "--no-deprecation" } });
    expect(stdout).toBe("begin\ntrained\ntrained\ntrue\nend a b\n");
    expect(code).toBe(5);
    const runs = listRuns(join(cwd, ".layerscope", "runs"));
    expect(runs.map(({ run, status }) => [run.script.path, status, run.steps])).toEqual([
      [join(cwd, "train.js"), "completed", 4],
      [join(cwd, "train.js"), "completed", 4],
    ]);
    const end = stderr.trim().split("\n").at(-1);
    for (const { folder } of runs) expect(end).toContain(folder);
    expect(end).toMatch(/^layerscope: 2 runs: /);
  });

  it("says that nothing trained, and what is wrong with a command", async () => {
    const cwd = workspace({ "a.js": "console.log(1)" });
    const nothing = await runCli(["exec", "--", "node", "a.js"], { cwd });
    expect(nothing).toMatchObject({ code: 0, stdout: "1\n" });
    expect(nothing.stderr).toMatch(/no process trained with TensorFlow\.js, so there is no run to show\.\n$/);
    const missing = await runCli(["exec", "--", "no-such-command"], { cwd });
    expect(missing.code).toBe(66);
    expect(missing.stderr).toMatch(/No command no-such-command on PATH/);
    expect((await runCli(["exec"], { cwd })).code).toBe(64);
    expect((await runCli(["exec", "node", "a.js"], { cwd })).stderr).toMatch(/Got node before --/);
  });
});
