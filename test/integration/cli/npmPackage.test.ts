import { spawnSync } from "node:child_process";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { runNpm } from "../../helpers/npm.mjs";
import { root } from "../../helpers/project.mjs";
import { workspace } from "./cliProcess.js";
import { trainingScript } from "./scripts.js";

let folder = "";
beforeAll(async () => {
  folder = workspace({ "package.json": "{}", "train.js": trainingScript(3) });
  await runNpm(["pack", "--pack-destination", folder], root);
  const archive = readdirSync(folder).find((file) => file.endsWith(".tgz")) as string;
  await runNpm(["install", "--offline", `./${archive}`], folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** As npx does. */
function layerscope(...args: readonly string[]) {
  const shell = process.platform === "win32";
  return spawnSync(join(folder, "node_modules/.bin/layerscope"), args, { cwd: folder, shell, encoding: "utf8" });
}

it("trains from the npm package, which holds the command line and nothing else", () => {
  const { status, stdout, stderr } = layerscope("train", "train.js");
  expect({ status, stdout }, stderr).toEqual({ status: 0, stdout: "trained\n" });
  expect(stderr).toContain("completed, 3 steps, engine ");
  const held = readdirSync(join(folder, "node_modules/layerscope")).sort();
  expect(held).toEqual(["CHANGELOG.md", "LICENSE", "README.md", "dist", "package.json"]);
  const bundles = readdirSync(join(folder, "node_modules/layerscope/dist"));
  for (const ofExtension of ["extension.cjs", "lookout.cjs", "webview"]) expect(bundles).not.toContain(ofExtension);
});
