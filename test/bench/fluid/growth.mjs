import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { quantile } from "./quantile.mjs";
import { writeRun } from "./runs.mjs";

const lengths = [1e3, 1e4, 1e5, 1e6, 1e7];
const mostCaptured = 20_000;
const views = 160;
const layers = 12;
const points = 300;
/** Captured steps in the narrow range of each view. */
const narrowSteps = 300;

/**
 * What one view of a dashboard costs the host, by the length of the run: two series of every layer over the whole run,
 * and over three hundred captured steps of it, which are read from disk where the run is longer than what is kept in
 * memory. Runs have been read, as behind an open panel.
 * @param {any} parts of `loadRunParts`
 * @returns {{ steps: number, wholeMs: number, narrowMs: number }[]} processor time, medians
 */
export function measureGrowth(parts) {
  const folder = mkdtempSync(join(tmpdir(), "layerscope-growth-"));
  try {
    const runs = lengths.map((steps) => {
      const own = join(folder, String(steps));
      const every = Math.max(1, steps / mostCaptured);
      writeRun(parts, { folder: own, layers, steps, every });
      const history = new parts.RunHistory(own);
      while (history.poll().more);
      return { steps, every, history, whole: /** @type {number[]} */ ([]), narrow: /** @type {number[]} */ ([]) };
    });
    // In turns, so that other work on the machine meets all lengths alike.
    for (let view = 0; view < views; view++) {
      for (const { steps, every, history, whole, narrow } of runs) {
        const part = narrowSteps * every;
        const from = (view * part) % (steps - part);
        whole.push(viewMs(parts, history, { from: 0, to: steps }));
        narrow.push(viewMs(parts, history, { from, to: from + part }));
      }
    }
    const median = (/** @type {readonly number[]} */ times) => quantile(times, 0.5);
    return runs.map(({ steps, whole, narrow }) => ({ steps, wholeMs: median(whole), narrowMs: median(narrow) }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {any} parts @param {any} history @param {{ from: number, to: number }} range */
function viewMs({ widthFor }, history, range) {
  const before = process.cpuUsage();
  for (let layer = 0; layer < layers; layer++) {
    for (const name of ["mean", "referenceDrift"]) {
      history.series("activations", layer, name, range, widthFor(range, points));
    }
  }
  const used = process.cpuUsage(before);
  return (used.user + used.system) / 1000;
}
