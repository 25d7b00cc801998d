import type {
  SeriesData,
  SeriesMessage,
  SeriesRequest,
  SubscribeMessage,
  ToView,
  ViewAxis,
} from "../../protocol/views.js";
import { type StepRange, widthFor } from "../../run/runHistory.js";
import { type AxisMap, axisMap, stepsWithin } from "../session/axisMap.js";
import { type LayerMatch, matchLayers } from "../session/layerMatch.js";
import type { SessionView } from "../session/sessionView.js";
import { LiveWindow } from "./liveWindow.js";

interface Compared {
  readonly axis: ViewAxis;
  /** Of all compared runs together, so that a point stands for as many steps in each. */
  readonly widest: StepRange;
  readonly match: LayerMatch;
  readonly map: AxisMap;
}

/** Sends a view the points it has subscribed to: all of them once, then what is new. */
export class SeriesFeed {
  private subscription: SubscribeMessage | null = null;
  private readonly windows = new Map<string, LiveWindow>();

  constructor(private readonly send: (message: ToView) => void) {}

  /** Null: the view is hidden and wants nothing. */
  subscribe(subscription: SubscribeMessage | null): void {
    this.subscription = subscription;
    this.windows.clear();
  }

  /** Everything is sent again from the beginning. */
  reset(): void {
    this.windows.clear();
  }

  /** The shown run outside a comparison. @param rowsFrom first step of the new rows */
  sendShown(session: SessionView, afresh: boolean, rowsFrom = 0): void {
    const requests = this.subscription?.series.filter(({ run }) => run === undefined) ?? [];
    this.sendSeries("shown", session, requests, null, afresh, rowsFrom);
  }

  /** One run of a comparison. */
  sendCompared(sessions: readonly SessionView[], run: number, afresh: boolean, rowsFrom = 0): void {
    const session = sessions[run];
    const [shown] = sessions;
    const requests = this.subscription?.series.filter((request) => request.run === run) ?? [];
    if (session === undefined || shown === undefined || requests.length === 0) return;
    const axis = this.subscription?.axis ?? "step";
    const map = axisMap(session, axis);
    if (map === null) return;
    const extents = sessions.map((other) => other.extent()).filter(({ from, to }) => to >= from);
    const widest = {
      from: Math.min(...extents.map(({ from }) => from)),
      to: Math.max(...extents.map(({ to }) => to)),
    };
    const match = matchLayers(shown, session);
    this.sendSeries(String(run), session, requests, { axis, widest, match, map }, afresh, rowsFrom);
  }

  private sendSeries(
    name: string,
    session: SessionView,
    requests: readonly SeriesRequest[],
    compared: Compared | null,
    afresh: boolean,
    rowsFrom: number,
  ): void {
    const wanted = this.subscription;
    if (wanted === null || requests.length === 0) return;
    const read = (request: SeriesRequest, range: StepRange, width: number) =>
      compared === null
        ? session.series(request, range, width)
        : comparedSeries(session, request, compared, range, width);
    const { range } = wanted;
    if (range !== null) {
      const steps = compared === null ? range : stepsWithin(compared.map, range, session.extent());
      if ((!afresh && rowsFrom > steps.to) || steps.to < steps.from) return;
      const width = (points: number) => widthFor(compared === null || compared.axis === "step" ? range : steps, points);
      const data = requests.map((request) => read(request, steps, width(request.points ?? wanted.points)));
      this.send({ type: "series", ...range, append: false, data });
      return;
    }
    const extent = session.extent();
    for (const [points, group] of groupByPoints(requests, wanted.points)) {
      const window = this.window(`${name} ${points}`, points);
      if (afresh) window.reset();
      const plan = window.next(extent, rowsFrom, compared?.axis === "step" ? compared.widest : extent);
      if (plan === null) continue;
      const data = group.map((request) => read(request, plan.range, plan.bucket));
      this.send({ ...placed(plan.range, compared), append: plan.append, data });
    }
  }

  private window(name: string, points: number): LiveWindow {
    let window = this.windows.get(name);
    if (window === undefined) {
      window = new LiveWindow(points);
      this.windows.set(name, window);
    }
    return window;
  }
}

function placed({ from, to }: StepRange, compared: Compared | null): Pick<SeriesMessage, "type" | "from" | "to"> {
  const place = (step: number) => (compared === null ? step : compared.map.toAxis(step));
  return { type: "series", from: place(from), to: place(to) };
}

/** The series of another run under the key of the shown one, on the axis of the comparison. */
function comparedSeries(
  session: SessionView,
  request: SeriesRequest,
  { match, map }: Compared,
  range: StepRange,
  width: number,
): SeriesData {
  const { points: _points, ...key } = request;
  const layer = key.layer < 0 ? key.layer : match.layer(key.layer);
  const weight = key.weight === undefined ? undefined : match.weight(key.weight);
  if (layer === null || weight === null) return { key, ...nothing };
  const own = { layer, statistic: key.statistic, ...(weight === undefined ? {} : { weight }) };
  const found = session.series(
    { ...own, ...(key.channel === undefined ? {} : { channel: key.channel }) },
    range,
    width,
  );
  return { ...found, key, step: found.step.map(map.toAxis), nonfinite: found.nonfinite.map(map.toAxis) };
}

const none = new Float64Array(0);
const nothing = { step: none, mean: none, min: none, max: none, nonfinite: [] };

function groupByPoints(series: readonly SeriesRequest[], points: number): Map<number, SeriesRequest[]> {
  const groups = new Map<number, SeriesRequest[]>();
  for (const request of series) {
    const own = request.points ?? points;
    const group = groups.get(own);
    if (group === undefined) groups.set(own, [request]);
    else group.push(request);
  }
  return groups;
}
