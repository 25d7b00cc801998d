import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { runNpm } from "./npm.mjs";
import { Failure, step } from "./progress.mjs";

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const resultsFolder = join(root, "test-results");

const oldestNode = 20;

export function requireNode() {
  if (Number.parseInt(process.versions.node, 10) >= oldestNode) return;
  throw new Failure(
    `Layerscope needs Node ${oldestNode} or newer; this is Node ${process.versions.node} (${process.execPath}).`,
  );
}

/**
 * @typedef {{ packages: Record<string, { version?: string, optional?: boolean, peer?: boolean, link?: boolean }> }} Lock
 * @param {string} path
 * @returns {Lock}
 */
function readLock(path) {
  return JSON.parse(readFileSync(path, "utf8"));
}

/** What package-lock.json wants against what npm noted when it last installed. */
function dependenciesAreCurrent() {
  const noted = join(root, "node_modules/.package-lock.json");
  if (!existsSync(noted)) return false;
  const installed = readLock(noted).packages;
  return Object.entries(readLock(join(root, "package-lock.json")).packages).every(
    ([path, { version, optional }]) =>
      path === "" || (installed[path] ? installed[path].version === version : optional === true),
  );
}

export async function installDependencies() {
  if (dependenciesAreCurrent()) return;
  await step("install the packages of package-lock.json", () => runNpm(["ci", "--include=dev"], root));
}

/** @returns {Promise<string>} the .vsix */
export function packExtension() {
  return step("package the extension", async () => (await import("../../package.mjs")).packageExtension());
}
