import type { EpochMetrics, ViewAxis } from "../../protocol/views.js";
import type { StepRange } from "../../run/runHistory.js";
import type { SessionView } from "./sessionView.js";

/** Thousandths of an epoch that one epoch has on the axis. */
const epochUnits = 1000;
/** Points at which the time of a step is looked up; between them it is interpolated. */
const timePoints = 1024;

/** Places the steps of one run on an axis that runs of different length share, and back. */
export interface AxisMap {
  toAxis(step: number): number;
  toStep(at: number): number;
}

const sameSteps: AxisMap = { toAxis: (step) => step, toStep: (at) => at };

/** Null where the run does not tell: it has no epochs, or no times. */
export function axisMap(session: SessionView, axis: ViewAxis): AxisMap | null {
  switch (axis) {
    case "step":
      return sameSteps;
    case "epoch":
      return epochMap(session.epochs);
    case "time":
      return timeMap(session);
    default:
      return axis satisfies never;
  }
}

/** An epoch ends at its last step; the steps after the last one go on at its pace. */
function epochMap(epochs: readonly EpochMetrics[]): AxisMap | null {
  return piecewise([0, ...epochs.map(({ step }) => step)], [0, ...epochs.map(({ epoch }) => (epoch + 1) * epochUnits)]);
}

function timeMap(session: SessionView): AxisMap | null {
  const extent = session.extent();
  if (extent.to <= extent.from) return null;
  const width = 2 ** Math.max(0, Math.ceil(Math.log2((extent.to - extent.from + 1) / timePoints)));
  const { step, min } = session.series({ layer: -1, statistic: "timeMs" }, extent, width);
  return piecewise([...step], [...min]);
}

/** Linear between the places, and beyond the last ones. A place that goes back, as clocks may, is left out. */
function piecewise(steps: readonly number[], places: readonly number[]): AxisMap | null {
  const from: number[] = [];
  const to: number[] = [];
  steps.forEach((step, i) => {
    const place = places[i] as number;
    const isNext = from.length === 0 || (step > (from.at(-1) as number) && place > (to.at(-1) as number));
    if (isNext && Number.isFinite(place)) {
      from.push(step);
      to.push(place);
    }
  });
  if (from.length < 2) return null;
  return { toAxis: (step) => interpolate(from, to, step), toStep: (at) => interpolate(to, from, at) };
}

function interpolate(from: readonly number[], to: readonly number[], x: number): number {
  let low = 1;
  let high = from.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((from[middle] as number) >= x) high = middle;
    else low = middle + 1;
  }
  const [x0, x1, y0, y1] = [from[low - 1], from[low], to[low - 1], to[low]] as [number, number, number, number];
  return y0 + ((x - x0) / (x1 - x0)) * (y1 - y0);
}

/** The steps of a run that lie within a range of the axis. */
export function stepsWithin(map: AxisMap, range: StepRange, extent: StepRange): StepRange {
  return {
    from: Math.max(extent.from, Math.floor(map.toStep(range.from))),
    to: Math.min(extent.to, Math.ceil(map.toStep(range.to))),
  };
}
