// npm test: everything that must hold, from a checkout that has only Node, npm and git around it.
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { runNode } from "./helpers/node.mjs";
import { report, step } from "./helpers/progress.mjs";
import { installDependencies, packExtension, requireNode, resultsFolder, root } from "./helpers/project.mjs";
import { workbenchTools } from "./helpers/workbenchCache.mjs";

const counts = { passed: 0, failed: 0, skipped: 0 };
/** @type {string[]} */
const leftOut = [];

/**
 * A step that is a test itself: it holds or not.
 * @param {string} title
 * @param {() => Promise<unknown>} work
 */
async function check(title, work) {
  try {
    await step(title, work);
    counts.passed += 1;
    return true;
  } catch (error) {
    report(error);
    counts.failed += 1;
    return false;
  }
}

/** @param {string} project */
async function runTests(project) {
  const summaryFile = join(resultsFolder, `${project}.json`);
  const vitest = join(root, "node_modules/vitest/vitest.mjs");
  const reporters = ["--reporter=default", "--reporter=./test/helpers/summaryReporter.mjs"];
  let ended = true;
  try {
    await step(`${project} tests`, () =>
      runNode([vitest, "run", "--project", project, ...reporters], { LAYERSCOPE_TEST_SUMMARY: summaryFile }),
    );
  } catch (error) {
    report(error);
    ended = false;
  }
  /** @type {import("./helpers/summaryReporter.mjs").Summary} */
  const { passed, failed, skipped } = existsSync(summaryFile)
    ? JSON.parse(readFileSync(summaryFile, "utf8"))
    : { passed: 0, failed: 0, skipped: [] };
  counts.passed += passed;
  counts.failed += ended ? failed : Math.max(failed, 1); // it may not have got as far as telling
  counts.skipped += skipped.length;
  for (const { name, reason } of skipped) leftOut.push(`${project}: ${name}${reason && `: ${reason}`}`);
}

async function runAll() {
  if (!(await check("build", () => runNode(["esbuild.mjs"])))) return;
  await check("formatting and lint", () =>
    runNode(["node_modules/@biomejs/biome/bin/biome", "ci", "--log-level=info"]),
  );
  await check("types", () => runNode(["test/typecheck.mjs"]));
  await runTests("unit");
  await runTests("integration");
  if (await check("package", packExtension)) await runTests("e2e");
  else leftOut.push("e2e: there is no package to test");
}

try {
  requireNode();
  rmSync(resultsFolder, { recursive: true, force: true });
  mkdirSync(resultsFolder, { recursive: true });
  await Promise.all([installDependencies(), workbenchTools()]);
  await step("all tests", runAll);
} catch (error) {
  report(error);
  counts.failed += 1;
}
if (leftOut.length > 0) console.log(`\nLeft out:\n${leftOut.map((line) => `  ${line}`).join("\n")}`);
console.log(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exitCode = counts.failed === 0 ? 0 : 1;
