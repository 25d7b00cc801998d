import { chmodSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { runCli, workspace } from "../cli/cliProcess.js";
import { expectTrained, javascript, runsOf, typescript } from "./threeUpdates.js";
import { installedPackages } from "./tools.js";

const packages = { "@oven/bun-linux-x64": "1.4.5", "@deno/linux-x64-glibc": "2.9.6" };
const programs = { bun: "@oven/bun-linux-x64/bin/bun", deno: "@deno/linux-x64-glibc/deno" } as const;

let modules = "";
let outOfReach: string | null = null;
beforeAll(async () => {
  if (process.platform !== "linux" || process.arch !== "x64") {
    outOfReach = `not tried on ${process.platform}-${process.arch}`;
    return;
  }
  try {
    modules = await installedPackages("runtimes", packages);
    for (const program of Object.values(programs)) chmodSync(join(modules, program), 0o755);
  } catch (error) {
    outOfReach = `Bun and Deno cannot be fetched from npm: ${error instanceof Error ? error.message : error}`;
  }
}, 240_000);

const required = javascript.replace(/^import.*/, 'const tf = require("@tensorflow/tfjs-node");');

/** Without a package.json Deno looks into no node_modules. */
function project(files: Readonly<Record<string, string>>): string {
  const cwd = workspace({ "package.json": "{}", ...files });
  symlinkSync(resolve("node_modules"), join(cwd, "node_modules"));
  return cwd;
}

describe.each<{ program: keyof typeof programs; args: readonly string[] }>([
  { program: "bun", args: [] },
  { program: "deno", args: ["run", "--allow-all"] },
])("$program, below layerscope exec", ({ program, args }) => {
  test.for([
    ["train.mjs", javascript],
    ["train.ts", typescript],
    ["train.cjs", required],
  ] as const)("%s: a tfjs-node that does not load is mended, lines are right", async ([file, text], { skip }) => {
    skip(outOfReach !== null, outOfReach ?? "");
    const cwd = project({ [file]: text });
    const end = await runCli(["exec", "--", join(modules, programs[program]), ...args, file], { cwd });
    expectTrained(cwd, end, file);
    expect(runsOf(cwd)[0]?.run.engine?.reason).toMatch(/addon of @tensorflow\/tfjs-node [\d.]+ is missing/);
  });
});

test("deno without its permissions: the script's own output, and one sentence", async ({ skip }) => {
  skip(outOfReach !== null, outOfReach ?? "");
  const cwd = project({ "train.mjs": javascript.replace("tfjs-node", "tfjs") });
  for (const [flags, says] of [
    [["--allow-read"], /not watching this process: Requires env access .*--allow-env/],
    [["--allow-read", "--allow-env"], /switched itself off: Requires write access .*--allow-write/],
  ] as const) {
    const end = await runCli(["exec", "--", join(modules, programs.deno), "run", ...flags, "train.mjs"], { cwd });
    expect({ code: end.code, stdout: end.stdout.trim().split("\n").at(-1) }).toEqual({ code: 0, stdout: "trained" });
    expect(end.stderr).toMatch(says);
  }
});

test("deno, where the native engine is asked for and only plain TensorFlow.js is loaded: one sentence", async ({
  skip,
}) => {
  skip(outOfReach !== null, outOfReach ?? "");
  const cwd = project({ "train.mjs": javascript.replace("tfjs-node", "tfjs") });
  const args = ["exec", "--engine", "native", "--", join(modules, programs.deno), "run", "--allow-all", "train.mjs"];
  const end = await runCli(args, { cwd });
  expect(end.code).toBe(70);
  expect(end.stderr).toContain("In Deno the native engine needs tfjs-node. Import @tensorflow/tfjs-node, or train");
});
