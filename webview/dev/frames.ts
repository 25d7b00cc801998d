import "../dashboard/dashboard.css";
import uPlot from "uplot";
import type { SeriesMessage } from "../../src/protocol/views.js";
import { ChartDesk } from "../charts/chartDesk.js";
import { layerCharts } from "../charts/layerCharts.js";
import { h } from "../shared/h.js";
import type { FakeRun } from "./fakeRun.js";

/** Sixty live charts drawn by the views' own path and by uPlot, from the same points. */

const chartCount = 60;
const widthPx = 300;
const heightPx = 130;
const points = 600;

declare global {
  interface Window {
    /** Makes the messages of so many frames, so that making them is not measured. */
    prepareFrames(frames: number): Promise<void>;
    /** Wall time of the script of each frame. */
    ourFrames(): Promise<number[]>;
    uplotFrames(): Promise<number[]>;
  }
}

const { run } = (window as unknown as { layerscopeDev: { run: FakeRun } }).layerscopeDev;
const batchNorm = run.layers.filter(({ className }) => className === "BatchNormalization").slice(0, chartCount);
const desk = new ChartDesk(() => undefined);

document.body.classList.remove("dashboard");
const grid = h("div", { class: "frames" });
grid.style.cssText = `display: grid; grid-template-columns: repeat(6, ${widthPx}px); gap: 8px`;
document.body.append(grid);
const plots = batchNorm.map((layer) => {
  const [spec] = layerCharts(layer, []);
  if (spec === undefined) throw new Error("A BatchNorm layer has no chart.");
  const chart = desk.add(spec, { compact: false });
  const ours = h("div", {}, chart.element);
  const theirs = h("div", {});
  grid.append(h("div", {}, ours, theirs));
  return new uPlot(
    {
      width: widthPx,
      height: heightPx,
      legend: { show: false },
      cursor: { show: false },
      scales: { x: { time: false } },
      series: [{}, { stroke: "#3794ff", width: 1.5 }, { stroke: "#d18616", width: 1.5, dash: [6, 3] }],
      axes: [
        { stroke: "#999", size: 24 },
        { stroke: "#999", size: 52, grid: { stroke: "#444" } },
      ],
    },
    [[], [], []],
    theirs,
  );
});

/** The whole of a live frame's new points: the last twenty steps of a window that moves. */
function messageAt(step: number): SeriesMessage {
  const data = batchNorm.flatMap(({ index }) =>
    (["batchMean", "runningMean"] as const).map((statistic) =>
      run.series({ layer: index, statistic }, step === points ? 0 : step - 20, step, points, 1),
    ),
  );
  return { type: "series", from: 0, to: step, append: step !== points, data };
}

const nextFrame = () => new Promise((resolve) => requestAnimationFrame(resolve));
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

let messages: SeriesMessage[] = [];
let snapshots: (readonly [Float64Array, Float64Array, Float64Array])[][] = [];

window.prepareFrames = async (frames) => {
  messages = [];
  snapshots = [];
  desk.viewport.extend(points);
  desk.apply(messageAt(points));
  await pause(1000);
  for (let frame = 1; frame <= frames; frame++) {
    const step = points + 2 * frame;
    messages.push(messageAt(step));
    snapshots.push(
      batchNorm.map(({ index }) => {
        const all = (statistic: "batchMean" | "runningMean") =>
          run.series({ layer: index, statistic }, 0, step, 2 * step, 1);
        const batch = all("batchMean");
        return [batch.step, batch.mean, all("runningMean").mean];
      }),
    );
  }
};

window.ourFrames = async () => {
  const times: number[] = [];
  for (const message of messages) {
    await pause(120);
    const startMs = performance.now();
    desk.apply(message);
    const appliedMs = performance.now() - startMs;
    await nextFrame();
    await nextFrame();
    times.push(appliedMs + desk.frames.lastScriptMs);
  }
  return times;
};

window.uplotFrames = async () => {
  const times: number[] = [];
  for (const snapshot of snapshots) {
    await pause(120);
    await nextFrame();
    const startMs = performance.now();
    plots.forEach((plot, i) => {
      plot.setData(snapshot[i] as never);
    });
    await Promise.resolve(); // uPlot draws in a microtask
    times.push(performance.now() - startMs);
    await nextFrame();
  }
  return times;
};
