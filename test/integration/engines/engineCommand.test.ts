import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { runCli } from "../cli/cliProcess.js";
import { trainingScript } from "../cli/scripts.js";
import { CliProcess } from "./cliProcess.js";

let cli: CliProcess;
let cwd: string;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  cli = await CliProcess.make();
  cwd = mkdtempSync(join(cli.folder, "project-"));
  env = { LAYERSCOPE_CACHE: join(cli.folder, "cache") };
});
afterAll(() => cli.remove());

it.each([
  [["engine"], /Got nothing, wanted install, list, verify or remove/],
  [["engine", "update"], /Got update, wanted install/],
  [["engine", "list", "all"], /Got all after list/],
  [["engine", "list", "--force"], /--force is for install/],
  [["engine", "install", "--fast"], /Unknown option '--fast'/],
  [["doctor", "here"], /Got here, wanted no argument/],
])("%j is refused in one line", (args, wanted) => {
  const { exitCode, stdout, stderr } = cli.run(args, { cwd, env });
  expect([exitCode, stdout]).toEqual([64, ""]);
  expect(stderr).toMatch(wanted);
  expect(stderr.trimEnd().split("\n")).toHaveLength(1);
});

it("list, verify and remove know when there is nothing", () => {
  const list = cli.run(["engine", "list", "--json"], { cwd, env });
  expect(JSON.parse(list.stdout)).toEqual({
    folder: join(env.LAYERSCOPE_CACHE ?? "", "engines"),
    engines: [],
    leftoverBytes: 0,
  });
  const verify = cli.run(["engine", "verify"], { cwd, env });
  expect([verify.exitCode, verify.stdout]).toEqual([66, ""]);
  expect(verify.stderr).toContain("No managed engine is installed. Run `layerscope engine install`.");
  expect(cli.run(["engine", "remove", "--json"], { cwd, env }).stdout).toContain('"removed": []');
});

it("a damaged engine is listed with what is wrong, and removed", () => {
  const cache = mkdtempSync(join(cli.folder, "cache-"));
  const key = "tfjs-node-4.22.0-tensorflow-2.21.0-linux-x64";
  const folder = join(cache, "engines", `${key}-1`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "part"), "x");
  writeFileSync(join(cache, "engines", `${key}.json`), "{}");
  const list = cli.run(["engine", "list", "--json"], { cwd, env: { LAYERSCOPE_CACHE: cache } });
  expect(JSON.parse(list.stdout)).toMatchObject({ engines: [{ key, state: "damaged" }], leftoverBytes: 1 });
  const remove = cli.run(["engine", "remove"], { cwd, env: { LAYERSCOPE_CACHE: cache } });
  expect(remove.stdout).toBe(`Removed ${key}.\n`);
  const after = cli.run(["engine", "list", "--json"], { cwd, env: { LAYERSCOPE_CACHE: cache } });
  expect(JSON.parse(after.stdout)).toMatchObject({ engines: [], leftoverBytes: 0 });
});

it("a failed installation is one line, and training can go on without it", async () => {
  const failed = cli.run(["engine", "install"], {
    cwd,
    env: { ...env, LAYERSCOPE_PYTHON: "/no/python", npm_config_registry: "http://127.0.0.1:9/" },
  });
  expect(failed.exitCode).toBe(70);
  const lines = failed.stderr.trimEnd().split("\n");
  expect(lines.at(-1)).toMatch(/^layerscope: No Python 3\.8 or newer was found.*Install Python/);
  const report = cli.run(["doctor", "--json"], { cwd, env });
  expect(report.exitCode).toBe(0);
  expect(JSON.parse(report.stdout)).toMatchObject({ ok: true, chosen: "embedded" });
  writeFileSync(join(cwd, "train.js"), trainingScript(2));
  const trained = await runCli(["train", "train.js"], { cwd, env });
  expect([trained.code, trained.stdout], trained.stderr).toEqual([0, "trained\n"]);
  expect(trained.stderr).toMatch(/completed, 2 steps, engine embedded/);
  rmSync(join(cli.folder, "cache"), { recursive: true, force: true });
}, 120_000);

it("doctor's text names each engine, and its exit code tells whether training is possible", () => {
  const { exitCode, stdout } = cli.run(["doctor"], { cwd, env });
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/✔ Node\n {4}Node v\d+/);
  expect(stdout).toMatch(
    /✘ The managed native engine\n {4}It is not installed\.\n {4}→ Run `layerscope engine install`/,
  );
  expect(stdout).toMatch(/✔ The embedded engine \(WebAssembly\) \(used by a script that loads tfjs-node\)/);
  expect(cli.run(["doctor", "--node", "/no/node"], { cwd, env }).exitCode).toBe(1);
});
