import type * as vscode from "vscode";
import type { FromView, SeriesRequest, SubscribeMessage, ToView, ViewAction } from "../../protocol/views.js";
import { widthFor } from "../../run/runHistory.js";
import { Disposable, type Release } from "../disposable.js";
import { type Log, messageOf } from "../log.js";
import type { Sessions } from "../session/sessions.js";
import type { SessionChange, SessionView } from "../session/sessionView.js";
import { LiveWindow } from "./liveWindow.js";
import { parseFromView } from "./parseFromView.js";
import { carryOut } from "./viewRequests.js";

const flushMs = 100;

/**
 * Host side of one webview: `ready` → snapshot, then increments at most ten times a second, while it is visible.
 * A view that was hidden is loaded afresh by VS Code and says `ready` again.
 */
export class ViewHost extends Disposable {
  private ready = false;
  private visible: boolean;
  private pending: SessionChange | null = null;
  private flushedAtMs = 0;
  private timer: NodeJS.Timeout | undefined;
  private watching: Release | undefined;
  private subscription: SubscribeMessage | null = null;
  private readonly windows = new Map<number, LiveWindow>();

  constructor(
    private readonly webview: vscode.Webview,
    visible: boolean,
    private readonly sessions: Sessions,
    private readonly log: Log,
  ) {
    super();
    this.visible = visible;
    this._register(webview.onDidReceiveMessage((message: unknown) => this.receive(message)));
    this._register(sessions.onDidChangeCurrent(() => this.restart()));
    this._register(sessions.onDidChange((change) => this.queue(change)));
    this._register({ dispose: () => this.stop() });
  }

  setVisible(visible: boolean): void {
    if (visible === this.visible) return;
    this.visible = visible;
    if (!visible) {
      this.ready = false;
      this.subscription = null;
      this.stop();
    }
  }

  reveal(layer: number, step: number | null): void {
    this.sessions.select(layer);
    if (this.ready) this.send({ type: "reveal", layer, step });
  }

  act(action: ViewAction): void {
    if (this.ready) this.send({ type: "act", action });
  }

  private receive(raw: unknown): void {
    const message = parseFromView(raw);
    if (message === null) {
      this.log.warn(`A view sent something unknown: ${JSON.stringify(raw)?.slice(0, 200)}`);
      return;
    }
    try {
      this.answer(message);
    } catch (thrown) {
      this.log.error(`A view's "${message.type}" failed: ${messageOf(thrown)}`, thrown);
    }
  }

  private answer(message: FromView): void {
    const session = this.sessions.current;
    switch (message.type) {
      case "ready":
        this.ready = true;
        this.restart();
        return;
      case "subscribe":
        this.subscription = message;
        this.windows.clear();
        if (session !== null) this.sendSeries(session, true);
        return;
      case "channels":
        if (session !== null) this.send(session.channels(message));
        return;
      case "healthMap":
        if (session !== null) this.send(session.healthMap(message));
        return;
      case "histograms":
        if (session !== null) this.send(session.histograms(message));
        return;
      case "select":
        this.sessions.select(message.layer);
        return;
      case "problem":
        this.log.error(`In a view: ${message.message}`);
        return;
      default:
        void carryOut(message, this.log);
    }
  }

  /** Another run, or a view that has just loaded: everything from the beginning. */
  private restart(): void {
    this.watching?.dispose();
    this.watching = undefined;
    if (!this.ready) return;
    const session = this.sessions.current;
    this.watching = session?.watch();
    this.pending = null;
    this.windows.clear();
    this.send({
      type: "snapshot",
      header: this.sessions.header(),
      layers: session?.layers ?? [],
      weights: session?.weights ?? [],
      summaries: session === null ? [] : [...session.summaries.values()],
      findings: session?.findings ?? [],
      selectedLayer: this.sessions.selectedLayer,
    });
    this.send({ type: "metrics", epochs: session?.epochs ?? [] });
    this.sendRuns();
    if (session !== null) this.sendSeries(session, true);
  }

  private queue(change: SessionChange): void {
    if (!this.ready || !this.visible) return;
    this.pending = this.pending === null ? change : merged(this.pending, change);
    // At once after a pause, else when the interval is over.
    this.timer ??= setTimeout(() => this.flush(), Math.max(0, this.flushedAtMs + flushMs - Date.now()));
  }

  private flush(): void {
    this.timer = undefined;
    this.flushedAtMs = Date.now();
    const session = this.sessions.current;
    const change = this.pending;
    this.pending = null;
    if (session === null || change === null || !this.ready) return;
    if (change.header) this.send({ type: "run", header: session.header() });
    if (change.layers) this.send({ type: "layers", layers: session.layers, weights: session.weights });
    if (change.summaries) this.send({ type: "summaries", summaries: [...session.summaries.values()] });
    if (change.findings) this.send({ type: "findings", findings: session.findings });
    if (change.epochs) this.send({ type: "metrics", epochs: session.epochs });
    if (change.rowsFrom < Number.POSITIVE_INFINITY || change.reset)
      this.sendSeries(session, change.reset, change.rowsFrom);
  }

  private sendSeries(session: SessionView, afresh: boolean, rowsFrom = 0): void {
    const wanted = this.subscription;
    if (wanted === null || wanted.series.length === 0) return;
    if (wanted.range !== null) {
      const range = wanted.range;
      if (!afresh && rowsFrom > range.to) return;
      const data = wanted.series.map((request) => {
        const points = request.points ?? wanted.points;
        return session.series(request, range, widthFor(range, points));
      });
      this.send({ type: "series", ...range, append: false, data });
      return;
    }
    const extent = session.extent();
    for (const [points, requests] of groupByPoints(wanted)) {
      let window = this.windows.get(points);
      if (window === undefined) {
        window = new LiveWindow(points);
        this.windows.set(points, window);
      }
      if (afresh) window.reset();
      const plan = window.next(extent, rowsFrom);
      if (plan === null) continue;
      const data = requests.map((request) => session.series(request, plan.range, plan.bucket));
      this.send({ type: "series", ...plan.range, append: plan.append, data });
    }
  }

  private sendRuns(): void {
    const runs = this.sessions.list().map(({ folder, run, status }) => ({
      folder,
      id: run.id,
      script: run.script.path,
      status,
      startedAt: run.startedAt,
      steps: run.steps,
    }));
    this.send({ type: "runs", runs });
  }

  private send(message: ToView): void {
    this.webview
      .postMessage(message)
      .then(undefined, (thrown) => this.log.error("A view could not be reached.", thrown));
  }

  private stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.pending = null;
    this.watching?.dispose();
    this.watching = undefined;
  }
}

function merged(a: SessionChange, b: SessionChange): SessionChange {
  return {
    header: a.header || b.header,
    layers: a.layers || b.layers,
    summaries: a.summaries || b.summaries,
    findings: a.findings || b.findings,
    epochs: a.epochs || b.epochs,
    rowsFrom: Math.min(a.rowsFrom, b.rowsFrom),
    reset: a.reset || b.reset,
  };
}

function groupByPoints({ series, points }: SubscribeMessage): Map<number, SeriesRequest[]> {
  const groups = new Map<number, SeriesRequest[]>();
  for (const request of series) {
    const own = request.points ?? points;
    const group = groups.get(own);
    if (group === undefined) groups.set(own, [request]);
    else group.push(request);
  }
  return groups;
}
