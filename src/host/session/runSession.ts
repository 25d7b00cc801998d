import type { LookoutNews } from "../../protocol/lookout.js";
import type {
  ChannelsMessage,
  ChannelsRequest,
  EpochMetrics,
  HealthMapMessage,
  HealthMapRequest,
  HistogramsMessage,
  HistogramsRequest,
  LayerSummary,
  RunHeader,
  SeriesData,
  SeriesRequest,
  ViewFinding,
} from "../../protocol/views.js";
import type { LayerInfo, RunFile, RunLabel, RunStatus, WeightInfo } from "../../run/format.js";
import { effectiveStatus, RunFolderError, readRunFile, readRunOrNull } from "../../run/runFile.js";
import type { StepRange } from "../../run/runHistory.js";
import { readRunLabel } from "../../run/runLabel.js";
import type { RunPoll } from "../../run/runReader.js";
import { shownLayers } from "../../run/shownLayers.js";
import { Disposable, type Release } from "../disposable.js";
import { Emitter } from "../emitter.js";
import type { Lookout } from "../lookout/runLookout.js";
import { EpochList } from "./epochList.js";
import { FindingsKeeper } from "./findingsKeeper.js";
import { LayerSummaries } from "./layerSummaries.js";
import { PollTimer } from "./pollTimer.js";
import { RunQueries } from "./runQueries.js";
import { RunRows, type RunRowsLimits } from "./runRows.js";
import { type RunSight, runCondition } from "./runState.js";
import { isSameLayer } from "./sameLayer.js";
import { type Describe, headerWithoutRun, sessionHeader } from "./sessionHeader.js";
import type { SessionChange, SessionView } from "./sessionView.js";

/** Bytes read in one go, so that opening a long run never holds up the extension host. */
const pollBytes = 4 * 2 ** 20;

/** What a session needs of its surroundings. */
export interface SessionHost extends RunRowsLimits {
  readonly describe: Describe;
  readonly log: (problem: string, cause?: unknown) => void;
  /** Looks for findings, and for news while nobody watches. */
  readonly follow: (folder: string, tell: (news: LookoutNews) => void) => Lookout;
}

/** Follows one run folder and tells what changed. Knows nothing of VS Code. */
export class RunSession extends Disposable implements SessionView {
  private readonly changed = this._register(new Emitter<SessionChange>());
  readonly onDidChange = this.changed.event;

  private readonly rows: RunRows;
  private currentLabel: RunLabel;
  private readonly queries: RunQueries;
  private readonly findingsKeeper = new FindingsKeeper();
  /** Null once the run has ended and its findings are known. */
  private lookout: Lookout | null = null;
  private readonly layerSummaries: LayerSummaries;
  private epochList = new EpochList();
  private file: RunFile | null = null;
  private seenStatus: RunStatus = "interrupted";
  private problem: string | null = null;
  private shown: readonly LayerInfo[] = [];
  private lastStepAtMs = Date.now();
  private condition = "";
  private readonly timer = this._register(new PollTimer(() => this.poll()));
  private readonly told = new Set<string>();
  /** The run has ended and all of it was read. */
  private isRead = false;

  constructor(
    readonly folder: string,
    private readonly host: SessionHost,
  ) {
    super();
    this.rows = new RunRows(folder, host);
    this.currentLabel = readRunLabel(folder);
    this.layerSummaries = new LayerSummaries(this.findingsKeeper);
    this.queries = new RunQueries(
      () => this.rows.history,
      () => this.layers,
      () => this.extent(),
    );
    this._register({ dispose: () => this.leave() });
    if (!this.restore()) this.rows.lookAhead(readRunOrNull(folder)?.layers ?? []);
    if (!this.isRead) this.follow();
    this.refresh();
  }

  get run(): RunFile | null {
    return this.file;
  }

  get status(): RunStatus {
    return this.seenStatus;
  }

  get label(): RunLabel {
    return this.currentLabel;
  }

  /** Reads again what the user has said about the run. */
  refreshLabel(): void {
    this.currentLabel = readRunLabel(this.folder);
    this.changed.fire({ ...noChange, header: true });
  }

  get steps(): number {
    return Math.max(this.rows.clock.steps, this.file?.steps ?? 0);
  }

  get layers(): readonly LayerInfo[] {
    return this.shown;
  }

  get weights(): readonly WeightInfo[] {
    return this.file?.weights ?? [];
  }

  get summaries(): ReadonlyMap<number, LayerSummary> {
    return this.layerSummaries.all;
  }

  get findings(): readonly ViewFinding[] {
    return this.findingsKeeper.findings;
  }

  get epochs(): readonly EpochMetrics[] {
    return this.epochList.all;
  }

  header(): RunHeader {
    const { file, label, epochs } = this;
    if (file === null) return headerWithoutRun(this.problem ?? "", label);
    const { clock, isReading } = this.rows;
    return sessionHeader(this.sight(file), { label, clock, epochs, isReading, describe: this.host.describe });
  }

  watch(everyMs?: number): Release {
    return this.timer.watch(everyMs);
  }

  /** Reads now instead of at the next turn. */
  refresh(): void {
    this.timer.now();
    this.lookout?.look();
  }

  extent(): StepRange {
    const { firstStep, steps } = this.rows.clock;
    return { from: firstStep ?? 0, to: firstStep === null ? -1 : steps };
  }

  series(request: SeriesRequest, range: StepRange, width: number): SeriesData {
    return this.queries.series(request, range, width);
  }

  channels(request: ChannelsRequest): ChannelsMessage {
    return this.queries.channels(request);
  }

  healthMap(request: HealthMapRequest): HealthMapMessage {
    return this.queries.healthMap(request);
  }

  histograms(request: HistogramsRequest): HistogramsMessage {
    return this.queries.histograms(request);
  }

  private poll(): void {
    if (this.isDisposed) return;
    let more = false;
    let hasRows = false;
    try {
      const poll = this.rows.poll(pollBytes);
      more = poll.more;
      hasRows = poll.batches.length > 0;
      this.take(poll);
      this.tellDamage();
    } catch (thrown) {
      this.failed(thrown);
      return;
    }
    const goesOn = this.seenStatus === "running";
    // What was the end for the lookout was none, or there was no run before.
    const isUnheard = this.lookout === null && (goesOn || (this.isRead && hasRows));
    if (isUnheard) this.follow();
    // A run that has ended is read to its end and then left alone.
    this.isRead = !more && !goesOn;
    if (more) this.timer.again();
    else if (goesOn) this.timer.later(hasRows);
    if (isUnheard || this.isRead) this.lookout?.look();
    this.saveAtEnd();
  }

  /** Once all is read and judged. */
  private saveAtEnd(): void {
    if (this.isRead && this.lookout === null) this.save();
  }

  private save(): void {
    this.rows.save({ epochs: this.epochs, findings: this.findings });
  }

  /** Whoever opens a run that goes on needs to read only what has come since. */
  private leave(): void {
    this.unfollow();
    if (this.seenStatus === "running" && !this.rows.isReading) this.save();
  }

  private follow(): void {
    this.lookout = this.host.follow(this.folder, (news) => this.heard(news));
  }

  private unfollow(): void {
    this.lookout?.dispose();
    this.lookout = null;
  }

  private heard(news: LookoutNews): void {
    if (this.isDisposed) return;
    if (news.type === "unreadable") {
      this.timer.now();
      if (this.problem === null) this.tellOnce(news.message);
      return;
    }
    if (news.isEnd) this.unfollow();
    const hasFindings = news.findings !== null;
    if (news.findings !== null) this.findingsKeeper.set(news.findings);
    const layers = this.file?.layers.map(({ index }) => index) ?? [];
    const summaries = hasFindings && this.layerSummaries.update(layers, this.rows.last);
    const header = this.takeFacts(news);
    if (hasFindings || header) this.changed.fire({ ...noChange, header, summaries, findings: hasFindings });
    this.saveAtEnd();
  }

  /** What the lookout has seen stands for the rows as long as nobody watches. True where the header says something else. */
  private takeFacts({ facts, status, hasNewLayers, clock }: Extract<LookoutNews, { type: "seen" }>): boolean {
    const { file } = this;
    if (this.timer.isWatched || file === null || this.seenStatus !== "running") return false;
    if (hasNewLayers || status !== "running") {
      this.timer.now();
      return false;
    }
    const isNew = clock.steps > this.rows.clock.steps || facts.heartbeatAt !== file.heartbeatAt;
    if (clock.steps > this.rows.clock.steps) {
      this.lastStepAtMs = Date.now();
      this.rows.clock.restore(clock);
    }
    this.file = { ...file, ...facts };
    return this.conditionChanged() || isNew;
  }

  private tellDamage(): void {
    for (const sentence of this.rows.history.reader.damage) this.tellOnce(sentence);
  }

  private tellOnce(problem: string): void {
    if (!this.told.has(problem)) this.host.log(problem);
    this.told.add(problem);
  }

  /** Goes on from what was kept beside the run; whatever cannot be used is read again from the rows. */
  private restore(): boolean {
    try {
      const run = readRunFile(this.folder);
      const memory = this.rows.restore();
      if (memory === null) return false;
      this.epochList.all = memory.epochs;
      this.findingsKeeper.set(memory.findings);
      this.isRead = effectiveStatus(run) !== "running";
      return true;
    } catch {
      // The first poll says what is wrong with the folder.
      return false;
    }
  }

  private take({ run, status, batches, events, reset, more }: RunPoll): void {
    if (reset) this.startAfresh();
    const before = this.file;
    this.file = run;
    this.problem = null;
    const layers = run !== before && this.takeLayers(before, run);
    const ended = this.seenStatus !== status;
    this.seenStatus = status;
    const { touched, hasSteps } = this.rows.add(batches);
    if (hasSteps) this.lastStepAtMs = Date.now();
    const isReadNow = !more && this.rows.complete();
    const { isReading } = this.rows;
    const epochs = this.epochList.add(events);
    const all = isReadNow || this.summaries.size === 0;
    const news = isReading ? [] : touched;
    const summaries = this.layerSummaries.update(all ? run.layers.map(({ index }) => index) : news, this.rows.last);
    const hasRows = batches.length > 0 && !isReading;
    const header = this.conditionChanged() || run !== before || ended || hasRows || isReadNow;
    const firstSteps = hasRows ? batches.map(({ steps }) => steps[0] ?? Number.POSITIVE_INFINITY) : [];
    const rowsFrom = Math.min(Number.POSITIVE_INFINITY, ...firstSteps);
    const afresh = reset || isReadNow;
    if (header || layers || summaries || epochs || afresh) {
      this.changed.fire({ header, layers, summaries, findings: false, epochs, rowsFrom, reset: afresh });
    }
  }

  private conditionChanged(): boolean {
    const condition = this.file === null ? "" : runCondition(this.sight(this.file));
    const changed = condition !== this.condition;
    this.condition = condition;
    return changed;
  }

  /** True where the layers are others than before. */
  private takeLayers(before: RunFile | null, run: RunFile): boolean {
    const shown = shownLayers(run);
    const same =
      before !== null &&
      shown.length === this.shown.length &&
      run.weights.length === before.weights.length &&
      shown.every((layer, at) => isSameLayer(layer, this.shown[at]));
    if (same) return false;
    this.shown = shown;
    this.rows.setLayers(run.layers);
    return true;
  }

  private startAfresh(): void {
    this.rows.clear();
    this.layerSummaries.clear();
    this.epochList = new EpochList();
  }

  private sight(run: RunFile): RunSight {
    return {
      run,
      status: this.seenStatus,
      steps: this.steps,
      lastStepAtMs: this.lastStepAtMs,
      medianStepMs: this.rows.clock.medianStepMs,
      nowMs: Date.now(),
    };
  }

  private failed(thrown: unknown): void {
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    const isGone = thrown instanceof RunFolderError;
    if (this.problem !== message) this.host.log(message, isGone ? undefined : thrown);
    this.problem = message;
    // What has been read stays on screen unless the folder is no run (any more).
    if (isGone) {
      this.file = null;
      this.shown = [];
      this.seenStatus = "interrupted";
      this.unfollow();
    } else this.timer.afterFailure();
    this.changed.fire({ ...noChange, header: true, layers: isGone });
  }
}

const noChange: SessionChange = {
  header: false,
  layers: false,
  summaries: false,
  findings: false,
  epochs: false,
  rowsFrom: Number.POSITIVE_INFINITY,
  reset: false,
};
