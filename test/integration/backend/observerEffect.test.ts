import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
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
