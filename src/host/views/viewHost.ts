import type * as vscode from "vscode";
import type { FromView, ToView, ViewAction } from "../../protocol/views.js";
import { readRunLabel } from "../../run/runLabel.js";
import { runTree } from "../../run/runTree.js";
import { Disposable, type Release } from "../disposable.js";
import { type Log, messageOf } from "../log.js";
import type { Comparison, ComparisonChange } from "../session/comparison.js";
import type { Sessions } from "../session/sessions.js";
import type { SessionChange } from "../session/sessionView.js";
import type { PageWatch } from "./pageWatch.js";
import { parseFromView } from "./parseFromView.js";
import { SeriesFeed } from "./seriesFeed.js";
import { carryOut } from "./viewRequests.js";

const flushMs = 100;
/** What follows a first change in a moment, such as the other tables of a step, goes with it. */
const gatherMs = 15;

/** Where what a page remembers is kept for one that takes its place. */
export interface ViewMemory {
  set(state: unknown): void;
}

export interface DashboardParts {
  readonly comparison: Comparison;
  readonly memory: ViewMemory;
}

/**
 * Host side of one webview: `ready` → snapshot, then increments at most ten times a second, while it is visible.
 * A view that was hidden is loaded afresh by VS Code and says `ready` again.
 */
export class ViewHost extends Disposable {
  private readonly comparison: Comparison | null;
  private readonly memory: ViewMemory | null;
  private ready = false;
  private visible: boolean;
  private pending: SessionChange | null = null;
  private flushedAtMs = 0;
  private timer: NodeJS.Timeout | undefined;
  private watching: Release | undefined;
  private readonly feed = new SeriesFeed((message) => this.send(message));
  /** The compared runs that changed since the last flush; null: a comparison began or ended. */
  private comparedChanges: Map<number, SessionChange | null> | null = new Map();

  /**
   * @param html the page, which is loaded at once
   * @param dashboard null for a view that always shows one run and remembers nothing
   */
  constructor(
    private readonly webview: vscode.Webview,
    visible: boolean,
    html: string,
    private readonly page: PageWatch,
    private readonly sessions: Sessions,
    private readonly log: Log,
    dashboard: DashboardParts | null = null,
  ) {
    super();
    this.comparison = dashboard?.comparison ?? null;
    this.memory = dashboard?.memory ?? null;
    const { comparison } = this;
    this.visible = visible;
    this._register(webview.onDidReceiveMessage((message: unknown) => this.receive(message)));
    this._register(sessions.onDidChangeCurrent(() => this.restart()));
    this._register(sessions.onDidChange((change) => this.queue(change)));
    this._register(sessions.onDidChangeRuns(() => this.ready && this.sendRuns()));
    if (comparison !== null) this._register(comparison.onDidChange((change) => this.queueCompared(change)));
    this._register({ dispose: () => this.stop() });
    webview.html = html;
    if (visible) page.expect();
  }

  setVisible(visible: boolean): void {
    if (visible === this.visible) return;
    this.visible = visible;
    if (visible) {
      this.page.expect();
      return;
    }
    this.ready = false;
    this.page.rest();
    this.feed.subscribe(null);
    this.stop();
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
        this.page.answered();
        this.restart();
        return;
      case "subscribe":
        this.feed.subscribe(message);
        if (session !== null) this.feed.sendShown(session, true);
        this.sendCompared(true);
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
      case "compare":
        this.comparison?.compare(message.folders);
        return;
      case "remember":
        this.memory?.set(message.state);
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
    if (!this.ready) return;
    const session = this.sessions.current;
    this.watch();
    this.pending = null;
    this.feed.reset();
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
    if (session !== null) this.feed.sendShown(session, true);
    if (this.comparison?.isOn === true) this.send(this.comparison.message());
    this.sendCompared(true);
  }

  private watch(): void {
    this.watching?.dispose();
    const watches = [this.sessions.current?.watch(), this.comparison?.watch()];
    this.watching = {
      dispose: () => {
        for (const watch of watches) watch?.dispose();
      },
    };
  }

  private queue(change: SessionChange): void {
    if (!this.ready || !this.visible) return;
    this.pending = this.pending === null ? change : merged(this.pending, change);
    this.flushSoon();
  }

  private queueCompared({ run, change }: ComparisonChange): void {
    if (!this.ready || !this.visible) return;
    if (run === null) {
      this.comparedChanges = null;
      this.watch();
    } else if (this.comparedChanges !== null && change !== null) {
      const before = this.comparedChanges.get(run) ?? null;
      this.comparedChanges.set(run, before === null ? change : merged(before, change));
    }
    this.flushSoon();
  }

  /** Soon after a pause, else when the interval is over. */
  private flushSoon(): void {
    this.timer ??= setTimeout(() => this.flush(), Math.max(gatherMs, this.flushedAtMs + flushMs - Date.now()));
  }

  private flush(): void {
    this.timer = undefined;
    this.flushedAtMs = Date.now();
    if (!this.ready) return;
    this.flushShown();
    this.flushCompared();
  }

  private flushShown(): void {
    const session = this.sessions.current;
    const change = this.pending;
    this.pending = null;
    if (session === null || change === null) return;
    if (change.header) this.send({ type: "run", header: session.header() });
    if (change.layers) this.send({ type: "layers", layers: session.layers, weights: session.weights });
    if (change.summaries) this.send({ type: "summaries", summaries: [...session.summaries.values()] });
    if (change.findings) this.send({ type: "findings", findings: session.findings });
    if (change.epochs) this.send({ type: "metrics", epochs: session.epochs });
    if (change.rowsFrom < Number.POSITIVE_INFINITY || change.reset)
      this.feed.sendShown(session, change.reset, change.rowsFrom);
  }

  private flushCompared(): void {
    const { comparison, comparedChanges } = this;
    this.comparedChanges = new Map();
    if (comparison === null) return;
    if (comparedChanges === null) {
      this.send(comparison.message());
      this.sendCompared(true);
      return;
    }
    const changes = [...comparedChanges.values()].filter((change) => change !== null);
    if (changes.some(({ header, layers, epochs }) => header || layers || epochs)) this.send(comparison.message());
    for (const [run, change] of comparedChanges) {
      // The end of an epoch moves the steps of that epoch on the axis.
      const afresh = change === null || change.reset || change.epochs || change.layers;
      if (afresh || change.rowsFrom < Number.POSITIVE_INFINITY)
        this.feed.sendCompared(comparison.sessions, run, afresh, change?.rowsFrom);
    }
  }

  private sendCompared(afresh: boolean): void {
    const sessions = this.comparison?.sessions ?? [];
    for (const run of sessions.keys()) this.feed.sendCompared(sessions, run, afresh);
  }

  private sendRuns(): void {
    const runs = runTree(this.sessions.list()).map(({ entry: { folder, run, status }, depth }) => ({
      depth,
      folder,
      id: run.id,
      script: run.script.path,
      status,
      startedAt: run.startedAt,
      steps: run.steps,
      label: readRunLabel(folder),
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
