import { writeFileSync } from "node:fs";

/** @typedef {{ passed: number, failed: number, skipped: { name: string, reason: string }[] }} Summary */

/** Tells `npm test`, in the file it names, what a vitest project did, with the reason of each test that was left out. */
export default class SummaryReporter {
  /**
   * @param {readonly import("vitest/node").TestModule[]} modules
   * @param {readonly unknown[]} unhandledErrors
   */
  onTestRunEnd(modules, unhandledErrors) {
    /** @type {Summary} */
    const summary = { passed: 0, failed: unhandledErrors.length, skipped: [] };
    for (const module of modules) {
      // A file that cannot be loaded, or a hook that fails: no test of it tells.
      if (module.errors().length > 0 || [...module.children.allSuites()].some((suite) => suite.errors().length > 0)) {
        summary.failed += 1;
      }
      for (const test of module.children.allTests()) {
        const result = test.result();
        if (result.state === "passed") summary.passed += 1;
        else if (result.state === "failed") summary.failed += 1;
        else summary.skipped.push({ name: test.fullName, reason: (result.state === "skipped" && result.note) || "" });
      }
    }
    const file = process.env.LAYERSCOPE_TEST_SUMMARY;
    if (file) writeFileSync(file, JSON.stringify(summary));
  }
}
