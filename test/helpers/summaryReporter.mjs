import { writeFileSync } from "node:fs";

/** @typedef {{ name: string, reason: string }} NamedTest `reason` may be empty. */
/** @typedef {{ passed: number, again: NamedTest[], failed: NamedTest[], skipped: NamedTest[] }} Summary */

/** @param {readonly { message: string }[]} errors */
const reasonOf = (errors) => errors.map(({ message }) => message.split("\n", 1)[0] ?? "").join("; ");

/** Tells `npm test`, in the file it names, what a vitest project did, with the reason of each test that did not just pass. */
export default class SummaryReporter {
  /**
   * @param {readonly import("vitest/node").TestModule[]} modules
   * @param {readonly import("vitest").SerializedError[]} unhandledErrors
   */
  onTestRunEnd(modules, unhandledErrors) {
    /** @type {Summary} */
    const summary = { passed: 0, again: [], failed: [], skipped: [] };
    for (const error of unhandledErrors) summary.failed.push({ name: "outside of a test", reason: reasonOf([error]) });
    for (const module of modules) {
      // A file that cannot be loaded, or a hook that fails: no test of it tells.
      const outside = [module, ...module.children.allSuites()].flatMap((suite) => suite.errors());
      if (outside.length > 0) summary.failed.push({ name: module.relativeModuleId, reason: reasonOf(outside) });
      for (const test of module.children.allTests()) {
        const result = test.result();
        const name = test.fullName;
        if (result.state === "failed") summary.failed.push({ name, reason: reasonOf(result.errors) });
        else if (result.state !== "passed")
          summary.skipped.push({ name, reason: ("note" in result && result.note) || "" });
        else {
          summary.passed += 1;
          if (result.errors?.length) summary.again.push({ name, reason: reasonOf(result.errors) });
        }
      }
    }
    const file = process.env.LAYERSCOPE_TEST_SUMMARY;
    if (file) writeFileSync(file, JSON.stringify(summary));
  }
}
