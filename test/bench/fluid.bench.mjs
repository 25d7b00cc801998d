// How fluid the views are: from a step to its pixel, frames, long runs, memory, and what hidden views cost; in the real
// workbench with the packaged extension, in a headless browser with software rendering. Ends with 1 where a goal is missed.
import { step } from "../helpers/progress.mjs";
import { measureFrames } from "./fluid/frames.mjs";
import { measureGrowth } from "./fluid/growth.mjs";
import { measureHidden, measureLatency } from "./fluid/latency.mjs";
import { longRun, measureLongRun } from "./fluid/longRun.mjs";
import { loadRunParts } from "./fluid/runs.mjs";
import { growthOf, measureSoak, soakSteps } from "./fluid/soak.mjs";
import { openWorkbench } from "./fluid/workbench.mjs";
import { machineLine, markdownTable } from "./table.mjs";

const parts = await loadRunParts();
const frames = await step("frames", measureFrames);
const growth = await step("growth", async () => measureGrowth(parts));
const soak = await step("one hour of live data", () => measureSoak(parts));
const workbench = await step("workbench", openWorkbench);
/** @type {Awaited<ReturnType<typeof measureLongRun>>} */
let long;
/** @type {Awaited<ReturnType<typeof measureLatency>>} */
let latency;
/** @type {Awaited<ReturnType<typeof measureHidden>>} */
let hidden;
try {
  long = await step("a long run", () => measureLongRun(workbench, parts));
  latency = await step("step to pixel", () => measureLatency(workbench));
  hidden = await step("hidden", () => measureHidden(workbench));
} finally {
  await workbench.close();
}

const ms = (/** @type {number} */ value) => `${value.toFixed(value < 10 ? 1 : 0)} ms`;
const mb = (/** @type {number} */ bytes) => `${(bytes / 2 ** 20).toFixed(0)} MB`;
const power = (/** @type {number} */ steps) => `10^${Math.log10(steps)}`;
/** @param {"wholeMs" | "narrowMs"} which @param {number} fromSteps */
const growthRow = (which, fromSteps) => {
  const times = growth.filter(({ steps }) => steps >= fromSteps).map((run) => run[which]);
  const ratio = Math.max(...times) / Math.min(...times);
  const all = growth.map((run) => `${power(run.steps)} ${ms(run[which])}`).join(", ");
  return { ratio, text: `×${ratio.toFixed(2)}`, all, from: power(fromSteps) };
};
const whole = growthRow("wholeMs", 1e3);
// A run of 10^3 steps is in memory whole; longer ones are read from disk where every captured step is wanted.
const narrow = growthRow("narrowMs", 1e4);
/** @type {[string, string, string, boolean][]} */
const rows = [
  ["step in the training process → pixel, median", ms(latency.medianMs), "≤ 300 ms", latency.medianMs <= 300],
  [`the same, p95 of ${latency.steps} steps`, ms(latency.p95Ms), "≤ 600 ms", latency.p95Ms <= 600],
  [`one live frame, ${frames.drawn} visible charts, script`, ms(frames.oursMs), "≤ 16 ms", frames.oursMs <= 16],
  [
    `beside uPlot (${ms(frames.uplotMs)})`,
    `×${(frames.oursMs / frames.uplotMs).toFixed(2)}`,
    "≤ ×1.5",
    frames.oursMs <= 1.5 * frames.uplotMs,
  ],
  [
    `open ${longRun.layers} layers × ${longRun.steps} steps: first charts`,
    ms(long.coldMs),
    "≤ 1 s",
    long.coldMs <= 1000,
  ],
  ["the same, opened again from the tiers beside it", ms(long.warmMs), "≤ 1 s", long.warmMs <= 1000],
  ["full zoom change in it", ms(long.zoomMs), "≤ 100 ms", long.zoomMs <= 100],
  [
    "extension host memory for it (heap and buffers, highest)",
    mb(long.hostBytes),
    "≤ 150 MB",
    long.hostBytes <= 150 * 2 ** 20,
  ],
  ["webview memory for it (resident)", mb(long.rendererBytes), "≤ 200 MB", long.rendererBytes <= 200 * 2 ** 20],
  ...[
    /** @type {const} */ (["session of the extension host", soak.hostBytes]),
    /** @type {const} */ (["webview", soak.viewBytes]),
  ].map(([where, bytes]) => {
    const growth = growthOf(bytes);
    const text = `×${growth.toFixed(2)} (${mb(bytes.at(-1) ?? Number.NaN)})`;
    const name = `memory of the ${where}, last quarter of ${soakSteps} live steps against the second`;
    return /** @type {[string, string, string, boolean]} */ ([name, text, "flat: ≤ ×1.1", growth <= 1.1]);
  }),
  [
    `extension host, all views hidden, training (above ${hidden.idlePercent.toFixed(1)} % when idle)`,
    `${hidden.percent.toFixed(1)} % of a core`,
    "≤ 2 %",
    hidden.percent <= 2,
  ],
  [`one view of the whole run: ${whole.all}`, whole.text, `≤ ×1.5 from ${whole.from}`, whole.ratio <= 1.5],
  [`of 300 captured steps: ${narrow.all}`, narrow.text, `≤ ×1.5 from ${narrow.from}`, narrow.ratio <= 1.5],
];
console.log(machineLine());
console.log(`The long run: every ${longRun.every}th step captured, as thinning leaves it.`);
console.log(
  markdownTable(
    ["what", "measured", "goal", "met"],
    rows.map(([what, measured, goal, met]) => [what, measured, goal, met ? "yes" : "no"]),
  ),
);
if (rows.some(([, , , met]) => !met)) process.exitCode = 1;
