import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { BackendOptions } from "../../../src/protocol/options.js";
import { engines, runOnEngine } from "../engine/runOnEngine.js";
import { resultOf, runScript } from "./runScript.js";

const scripts = readdirSync("test/fixtures/models").filter((name) => name !== "common.cjs" && name.endsWith(".cjs"));

describe.each(scripts)("%s", (script) => {
  const bare = resultOf(runScript(script, { engineOnly: true }));

  test.each(["0", "5", "scalars", "every"])("budget %s: the same bits as without us", (budget) => {
    const observed = runScript(script, { budget });
    expect(observed.stderr).not.toContain("switched itself off");
    expect(observed.exitCode).toBe(0);
    // Losses, digest of all variables and of the random stream, and the number of tensors that are left.
    expect(resultOf(observed)).toEqual(bare);
    expect(observed.runs).toHaveLength(1);
    const [recorded] = observed.runs;
    expect(recorded?.run.status).toBe("completed");
    expect(recorded?.run.steps).toBe(bare.steps);
  });
});

const isNative = engines.includes("native");
if (!isNative) {
  console.log(
    "The native engine is not tested: none was found (layerscope engine install, or LAYERSCOPE_TEST_NATIVE).",
  );
}

describe.skipIf(!isNative)("on tfjs-node", () => {
  test.each(scripts)("%s: the same bits at every budget", (name) => {
    const run = (options: Partial<BackendOptions>) =>
      runOnEngine("native", `models/${name}`, options, { arguments: ["--held"] });
    const bare = resultOf(run({ engineOnly: true }));
    for (const budget of ["0", "5", "scalars", "every"]) {
      const observed = run({ budget });
      expect(resultOf(observed), budget).toEqual(bare);
      expect(observed.runs[0]?.run).toMatchObject({ status: "completed", steps: bare.steps });
      expect(observed.runs[0]?.run.engine?.name).toBe("tfjs-node");
    }
  });
});
