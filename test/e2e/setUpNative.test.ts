import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { cacheFolder } from "../../src/engines/enginePaths.js";
import { findManagedEngine } from "../../src/engines/managed.js";
import "./matchers.js";
import { useWorkbench } from "./pages/useWorkbench.js";

/**
 * With LAYERSCOPE_TEST_NATIVE=1 the command makes the engine from nothing, in a cache of its own: 270 MB of download and
 * a compilation. Otherwise it finds the one in this user's cache; where there is none, there is nothing to test.
 */
const isWhole = process.env.LAYERSCOPE_TEST_NATIVE === "1";
const wanted = isWhole || findManagedEngine() !== null;
if (!wanted) {
  console.log("Set Up tfjs-node is not tested: no engine is in the cache, and LAYERSCOPE_TEST_NATIVE is not 1.");
}
const ownCache = isWhole ? mkdtempSync(join(tmpdir(), "layerscope-setup-")) : null;
afterAll(() => {
  if (ownCache !== null) rmSync(ownCache, { recursive: true, force: true });
});

describe.runIf(wanted)("Set Up tfjs-node", () => {
  const test = useWorkbench({ env: { LAYERSCOPE_CACHE: ownCache ?? cacheFolder() } });

  it("runs to its end, and the next training computes on the native engine", async () => {
    const { workbench } = test;
    await workbench.command("layerscope.setUpNative");
    const done = isWhole ? "tfjs-node is set up: the next training uses it." : "tfjs-node is set up already and works.";
    await expect.poll(() => workbench.notifications(), { timeout: 20_000 }).toContain(done);
    await workbench.screenshot("set-up-native");
    await workbench.closeNotifications();
    await workbench.command("layerscope.openSample");
    await workbench.command("layerscope.train");
    await expect(workbench.dashboard).toDraw("norm1");
    await expect.poll(() => workbench.status()).toMatch(/train\.js step \d+ loss [\d.]+ tfjs-node/);
    await workbench.command("layerscope.stop");
    const { engine } = test.runs.show("latest") as unknown as { engine: { name: string; reason: string } };
    expect(engine).toMatchObject({ name: "tfjs-node" });
  }, 900_000);
});
