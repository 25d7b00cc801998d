import { copyFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { RunLookout } from "../../../src/host/lookout/runLookout.js";
import type { LookoutNews } from "../../../src/protocol/lookout.js";
import { liveWriter, newFolder, normLayer } from "../run/newRun.js";

it("finds the same after the tables were replaced, as by thinning, under the same run.json", () => {
  const folder = newFolder();
  const writer = liveWriter(folder);
  writer.update({ engine: { name: "embedded", reason: "", versions: {} }, layers: [normLayer], layerSteps: [30] });
  for (let step = 1; step <= 30; step++) {
    writer.append("steps", step, 0, { timeMs: step * 10, loss: 1 / step });
    writer.append("batchNorm", step, 0, { valuesPerChannel: 2, passes: 1, batchMean: [0, 1], batchVariance: [1, 2] });
  }
  writer.flush();
  const heard: LookoutNews[] = [];
  const lookout = new RunLookout(folder, {}, (news) => heard.push(news));
  const findings = () =>
    heard.flatMap((news) => (news.type === "seen" && news.findings !== null ? [news.findings] : []));
  try {
    lookout.look();
    expect(findings().map((found) => found.map(({ id }) => id))).toEqual([expect.arrayContaining(["bn-small-batch"])]);
    for (const name of ["steps.0.arrow", "batchNorm.0.arrow"]) {
      copyFileSync(join(folder, name), join(folder, "aside"));
      renameSync(join(folder, "aside"), join(folder, name));
    }
    lookout.look();
    expect(heard.map(({ type }) => type)).toEqual(["seen", "seen"]);
    expect(heard[1]).toMatchObject({ clock: { steps: 30 }, findings: null });
  } finally {
    lookout.dispose();
    rmSync(dirname(folder), { recursive: true, force: true });
  }
});
