import type { FromView, SaveMessage, SeriesMessage, SeriesRequest, ViewAxis } from "../../src/protocol/views.js";
import { Announcer } from "../shared/announcer.js";
import { FrameLoop } from "../shared/frameLoop.js";
import { on } from "../shared/h.js";
import { onPixelRatioChange } from "../shared/pixelRatio.js";
import { publishSeriesColours } from "../shared/seriesColours.js";
import { onThemeChange, readTheme, type Theme } from "../shared/theme.js";
import { handleKey } from "./chartInput.js";
import type { ChartSpec } from "./chartSpec.js";
import { type ChartOptions, ChartView } from "./chartView.js";
import { keyText, SeriesStore } from "./seriesStore.js";
import { Viewport } from "./viewport.js";

const subscribeDelayMs = 60;

/** What all charts of a view share, and the one place that asks the host for series. */
export class ChartDesk {
  readonly viewport = new Viewport();
  readonly store = new SeriesStore();
  readonly frames = new FrameLoop();
  readonly announcer = new Announcer();
  theme: Theme = readTheme();
  /** Name of the run, for images and files. */
  runName = "";
  private readonly charts = new Set<ChartView>();
  private readonly themeListeners: (() => void)[] = [];
  private focused: ChartView | null = null;
  private subscribeTimer: number | null = null;
  private cursorFrame: number | null = null;
  private lastSubscription = "";

  constructor(private readonly post: (message: FromView) => void) {
    publishSeriesColours(this.theme.series);
    const drawAnew = () => {
      this.theme = readTheme();
      publishSeriesColours(this.theme.series);
      for (const chart of this.charts) chart.themeChanged();
      for (const listener of this.themeListeners) listener();
    };
    onThemeChange(drawAnew);
    onPixelRatioChange(drawAnew);
    this.viewport.changes.listen((change) => {
      if (change === "cursor") this.moveCursors();
      else if (change === "pin") return;
      else if (change === "scale") for (const chart of this.charts) chart.scaleChanged();
      else this.redraw();
      if (change === "range") this.subscriptionChanged();
    });
  }

  add(spec: ChartSpec, options: ChartOptions): ChartView {
    const chart = new ChartView(spec, this, options);
    this.charts.add(chart);
    if (!options.compact && this.focused === null) this.focus(chart);
    return chart;
  }

  remove(chart: ChartView): void {
    this.charts.delete(chart);
    chart.dispose();
    if (this.focused === chart) {
      this.focused = null;
      const next = this.interactive()[0];
      if (next !== undefined) this.focus(next);
    }
    this.subscriptionChanged();
  }

  onTheme(listener: () => void): void {
    this.themeListeners.push(listener);
  }

  apply(message: SeriesMessage): void {
    this.store.apply(message);
    if (this.viewport.range === null) this.viewport.extend(Math.max(this.viewport.newest, message.to));
    // Also charts that got no new points: the range of steps that all share may have grown.
    this.redraw();
  }

  /** Another run: nothing of the old one may stay on screen. */
  reset(): void {
    this.store.clear();
    this.lastSubscription = "";
    this.subscriptionChanged();
    for (const chart of this.charts) chart.scaleChanged();
  }

  /** Another axis: what was drawn on the old one is forgotten. */
  setAxis(axis: ViewAxis): void {
    this.store.clear();
    this.viewport.setAxis(axis);
    this.reset();
  }

  /** Ends of epochs are drawn as lines; none in a comparison, where each run has its own. */
  setEpochs(epochs: readonly { readonly step: number }[]): void {
    const ends = epochs.map(({ step }) => step);
    if (ends.join() === this.viewport.epochEnds.join()) return;
    this.viewport.epochEnds = ends;
    this.redraw();
  }

  redraw(): void {
    for (const chart of this.charts) if (chart.visible) this.frames.request(chart);
  }

  visibilityChanged(chart: ChartView): void {
    if (chart.visible) this.frames.request(chart);
    this.subscriptionChanged();
  }

  subscriptionChanged(): void {
    if (this.subscribeTimer !== null) return;
    this.subscribeTimer = window.setTimeout(() => {
      this.subscribeTimer = null;
      this.subscribe();
    }, subscribeDelayMs);
  }

  save(suggestedName: string, content: SaveMessage["content"]): void {
    this.post({ type: "save", suggestedName, content });
  }

  /** The chart that commands of the palette mean. */
  get current(): ChartView | null {
    return this.focused;
  }

  attachKeys(chart: ChartView): void {
    on(chart.element, "focusin", () => this.focus(chart));
    on(chart.element, "keydown", (raw) => {
      const event = raw as KeyboardEvent;
      if (event.target !== chart.element) return;
      if (event.key === "ArrowUp" || event.key === "ArrowDown")
        this.focusNeighbour(chart, event.key === "ArrowUp" ? -1 : 1);
      else if (!handleKey(event, this.viewport, (count) => this.moveCursor(chart, count))) return;
      event.preventDefault();
    });
  }

  moveCursor(chart: ChartView | null, count: number): void {
    const newest = this.viewport.newest;
    this.viewport.pin(chart === null ? (this.viewport.cursor ?? newest) + count : chart.stepAway(count));
    if (chart !== null) this.announcer.say(chart.describeCursor());
  }

  private subscribe(): void {
    const wanted = new Map<string, SeriesRequest>();
    let most = 0;
    for (const chart of this.charts) {
      if (!chart.visible) continue;
      const points = chart.pointsWanted;
      most = Math.max(most, points);
      for (const key of chart.spec.traces.flatMap((trace) => trace.keys)) {
        const text = keyText(key);
        wanted.set(text, { ...key, points: Math.max(points, wanted.get(text)?.points ?? 0) });
      }
    }
    const { range, axis } = this.viewport;
    const points = Math.max(60, most);
    const message = { type: "subscribe", series: [...wanted.values()], range, points, axis } as const;
    const text = JSON.stringify(message);
    if (text === this.lastSubscription) return;
    this.lastSubscription = text;
    this.store.keep(new Set(wanted.keys()));
    this.post(message);
  }

  private moveCursors(): void {
    if (this.cursorFrame !== null) return;
    this.cursorFrame = requestAnimationFrame(() => {
      this.cursorFrame = null;
      for (const chart of this.charts) if (chart.visible) chart.placeCursor();
    });
  }

  private focus(chart: ChartView): void {
    if (this.focused === chart) return;
    this.focused?.setTabStop(false);
    this.focused = chart;
    chart.setTabStop(true);
  }

  private interactive(): ChartView[] {
    return [...this.charts].filter(
      (chart) => chart.element.hasAttribute("aria-roledescription") && chart.element.isConnected,
    );
  }

  private focusNeighbour(chart: ChartView, direction: 1 | -1): void {
    const inOrder = this.interactive()
      .filter(({ element }) => element.offsetParent !== null)
      .sort((a, b) => (a.element.compareDocumentPosition(b.element) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1));
    inOrder[inOrder.indexOf(chart) + direction]?.element.focus();
  }
}
