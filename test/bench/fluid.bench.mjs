// How fluid the views are: from a step to its pixel, frames, long runs, memory, and what hidden views cost; in the real
// workbench with the packaged extension, in a headless browser with software rendering. Ends with 1 where a goal is missed.
// node test/bench/fluid.bench.mjs [frames] [growth] [soak] [long] [latency] [hidden]: only these parts; none named: all.
import { Failure, step } from "../helpers/progress.mjs";
import { measureFrames } from "./fluid/frames.mjs";
import { measureGrowth } from "./fluid/growth.mjs";
import { measureHidden } from "./fluid/hidden.mjs";
import { measureLatency } from "./fluid/latency.mjs";
import { longRun, measureLongRun } from "./fluid/longRun.mjs";
import { loadRunParts } from "./fluid/runs.mjs";
import { growthOf, measureSoak, soakSteps } from "./fluid/soak.mjs";
import { openWorkbench } from "./fluid/workbench.mjs";
import { machineLine, markdownTable } from "./table.mjs";

/** @typedef {readonly [what: string, measured: string, goal: string, isMet: boolean]} TableRow */

const ms = (/** @type {number} */ value) => `${value.toFixed(value < 10 ? 1 : 0)} ms`;
const mb = (/** @type {number} */ bytes) => `${(bytes / 2 ** 20).toFixed(0)} MB`;
const power = (/** @type {number} */ steps) => `10^${Math.log10(steps)}`;

/** Parts that need nothing but the run folder's code. @type {Record<string, (parts: any) => Promise<TableRow[]>>} */
const bare = {
  frames: async () => {
    const { drawn, oursMs, uplotMs } = await measureFrames();
    return [
      [`one live frame, ${drawn} visible charts, script`, ms(oursMs), "≤ 16 ms", oursMs <= 16],
      [`beside uPlot (${ms(uplotMs)})`, `×${(oursMs / uplotMs).toFixed(2)}`, "≤ ×1.5", oursMs <= 1.5 * uplotMs],
    ];
  },
  growth: async (parts) => {
    const runs = measureGrowth(parts);
    /** @param {string} what @param {"wholeMs" | "narrowMs"} which @param {number} fromSteps @returns {TableRow} */
    const row = (what, which, fromSteps) => {
      const times = runs.filter(({ steps }) => steps >= fromSteps).map((run) => run[which]);
      const ratio = Math.max(...times) / Math.min(...times);
      const all = runs.map((run) => `${power(run.steps)} ${ms(run[which])}`).join(", ");
      return [`${what}: ${all}`, `×${ratio.toFixed(2)}`, `≤ ×1.5 from ${power(fromSteps)}`, ratio <= 1.5];
    };
    return [
      row("one view of the whole run", "wholeMs", 1e3),
      // A run of 10^3 steps is in memory whole; longer ones are read from disk where every captured step is wanted.
      row("of 300 captured steps", "narrowMs", 1e4),
    ];
  },
  soak: async (parts) => {
    const { hostBytes, viewBytes } = await measureSoak(parts);
    /** @param {string} where @param {readonly number[]} bytes @returns {TableRow} */
    const row = (where, bytes) => {
      const growth = growthOf(bytes);
      const text = `×${growth.toFixed(2)} (${mb(bytes.at(-1) ?? Number.NaN)})`;
      const name = `memory of the ${where}, last quarter of ${soakSteps} live steps against the second`;
      return [name, text, "flat: ≤ ×1.1", growth <= 1.1];
    };
    return [row("session of the extension host", hostBytes), row("webview", viewBytes)];
  },
};

/** @typedef {import("./fluid/workbench.mjs").Workbench} Workbench */
/** Parts that need a workbench. @type {Record<string, (workbench: Workbench, parts: any) => Promise<TableRow[]>>} */
const inWorkbench = {
  long: async (workbench, parts) => {
    const { coldMs, warmMs, zoomMs, hostBytes, rendererBytes } = await measureLongRun(workbench, parts);
    const { layers, steps, every } = longRun;
    const opened = `open ${layers} layers × ${steps} steps (every ${every}th captured, as thinning leaves it)`;
    return [
      [`${opened}: first charts`, ms(coldMs), "≤ 1 s", coldMs <= 1000],
      ["the same, opened again from the tiers beside it", ms(warmMs), "≤ 1 s", warmMs <= 1000],
      ["full zoom change in it", ms(zoomMs), "≤ 100 ms", zoomMs <= 100],
      [
        "extension host memory for it (heap and buffers, highest)",
        mb(hostBytes),
        "≤ 150 MB",
        hostBytes <= 150 * 2 ** 20,
      ],
      ["webview memory for it (resident)", mb(rendererBytes), "≤ 200 MB", rendererBytes <= 200 * 2 ** 20],
    ];
  },
  latency: async (workbench) => {
    const { medianMs, p95Ms, steps } = await measureLatency(workbench);
    return [
      ["step in the training process → pixel, median", ms(medianMs), "≤ 300 ms", medianMs <= 300],
      [`the same, p95 of ${steps} steps`, ms(p95Ms), "≤ 600 ms", p95Ms <= 600],
    ];
  },
  hidden: async (workbench) => {
    const { idlePercent, plainPercent, firstPercent, laterPercent } = await measureHidden(workbench);
    const others = { "nothing running": idlePercent, "another process in a terminal": plainPercent };
    const trainings = { "its first minute": firstPercent, later: laterPercent };
    return Object.entries(trainings).flatMap(([when, percent]) =>
      Object.entries(others).map(([what, other]) => {
        const more = percent - other;
        const name = `extension host, all views hidden, training, ${when}: more than with ${what} (${other.toFixed(1)} %)`;
        return [name, `${more.toFixed(1)} % of a core`, "≤ 2 %", more <= 2];
      }),
    );
  },
};

const names = [...Object.keys(bare), ...Object.keys(inWorkbench)];
const wanted = process.argv.length > 2 ? process.argv.slice(2) : names;
const unknown = wanted.filter((name) => !names.includes(name));
if (unknown.length > 0) throw new Failure(`Got ${unknown.join(", ")}; wanted some of ${names.join(", ")}.`);

const parts = await loadRunParts();
/** @type {TableRow[]} */
const rows = [];
for (const [name, measure] of Object.entries(bare)) {
  if (wanted.includes(name)) rows.push(...(await step(name, () => measure(parts))));
}
const there = Object.entries(inWorkbench).filter(([name]) => wanted.includes(name));
if (there.length > 0) {
  const workbench = await step("workbench", openWorkbench);
  try {
    for (const [name, measure] of there) rows.push(...(await step(name, () => measure(workbench, parts))));
  } finally {
    await workbench.close();
  }
}
console.log(machineLine());
console.log(
  markdownTable(
    ["what", "measured", "goal", "met"],
    rows.map(([what, measured, goal, isMet]) => [what, measured, goal, isMet ? "yes" : "no"]),
  ),
);
if (rows.some(([, , , isMet]) => !isMet)) process.exitCode = 1;
