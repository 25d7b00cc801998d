import { rmSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { useWorkbench } from "./pages/useWorkbench.js";

const test = useWorkbench({ withEmptyExtension: true });

const mostMs = 50;
/** Other processes of the machine can only make it slower: the fastest counts, and one that is fast enough is enough. */
const mostTries = 10;

describe("activation", () => {
  it(`takes under ${mostMs} ms more than an empty extension's`, async () => {
    const { workbench } = test;
    // Nothing that would activate it by itself.
    for (const file of ["model.js", "short.js", "long.js", "throws.js"]) {
      rmSync(workbench.path(file), { force: true });
    }
    const extra: number[] = [];
    while (extra.length < mostTries && !(Math.min(...extra) < mostMs)) {
      // Before the first, too: this test may be run once more.
      await workbench.reload();
      const { own, empty } = await workbench.driver.evaluate(async (vscode) => {
        const time = async (id: string): Promise<number> => {
          const extension = vscode.extensions.getExtension(id);
          if (extension === undefined || extension.isActive) throw new Error(`${id} is missing, or active already.`);
          const start = performance.now();
          await extension.activate();
          return performance.now() - start;
        };
        return { empty: await time("layerscope-test.empty"), own: await time("layerscope.layerscope") };
      });
      extra.push(own - empty);
    }
    console.log(`Activation above an empty extension's: ${extra.map((ms) => `${ms.toFixed(1)} ms`).join(", ")}`);
    expect(Math.min(...extra)).toBeLessThan(mostMs);
  });
});
