import { cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { nativeModules } from "../engine/nativeModules.js";
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

const native = nativeModules();
if (native === null) {
  console.log(
    "The native engine is not tested: none was found (layerscope engine install, or LAYERSCOPE_TEST_NATIVE).",
  );
}

describe.skipIf(native === null)("on tfjs-node", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "layerscope-native-"));
    symlinkSync(native as string, join(folder, "node_modules"));
    cpSync("test/fixtures/models", join(folder, "models"), { recursive: true });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.each(scripts)("%s: the same bits at every budget", (name) => {
    const script = join(folder, "models", name);
    const bare = resultOf(runScript(script, { engineOnly: true, engine: "auto" }));
    for (const budget of ["0", "5", "scalars", "every"]) {
      const observed = runScript(script, { budget, engine: "auto" });
      expect(resultOf(observed), budget).toEqual(bare);
      expect(observed.runs[0]?.run).toMatchObject({ status: "completed", steps: bare.steps });
      expect(observed.runs[0]?.run.engine?.name).toBe("tfjs-node");
    }
  });
});
