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
/** @type {string[]} */
const again = [];
/** @type {string[]} */
const failures = [];

/** @param {string} title @param {readonly string[]} lines */
function printList(title, lines) {
  if (lines.length > 0) console.log(`\n${title}:\n${lines.map((line) => `  ${line}`).join("\n")}`);
}

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
    failures.push(title);
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
  const summary = existsSync(summaryFile)
    ? JSON.parse(readFileSync(summaryFile, "utf8"))
    : { passed: 0, again: [], failed: [], skipped: [] };
  if (!ended && summary.failed.length === 0) {
    summary.failed.push({ name: "vitest", reason: "ended before it could tell what failed" });
  }
  counts.passed += summary.passed;
  counts.failed += summary.failed.length;
  counts.skipped += summary.skipped.length;
  /** @param {import("./helpers/summaryReporter.mjs").NamedTest} test */
  const line = ({ name, reason }) => `${project}: ${name}${reason && `: ${reason}`}`;
  leftOut.push(...summary.skipped.map(line));
  again.push(...summary.again.map(line));
  failures.push(...summary.failed.map(line));
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
  failures.push("all tests");
}
printList("Left out", leftOut);
printList("Passed only when run again", again);
printList("Failed", failures);
console.log(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exitCode = counts.failed === 0 ? 0 : 1;
