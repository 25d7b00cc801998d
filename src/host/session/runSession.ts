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
import type { LayerInfo, RunEvent, RunFile, RunLabel, RunStatus, WeightInfo } from "../../run/format.js";
import { effectiveStatus, RunFolderError, readRunFile } from "../../run/runFile.js";
import type { StepRange } from "../../run/runHistory.js";
import { readRunLabel } from "../../run/runLabel.js";
import type { RunPoll } from "../../run/runReader.js";
import { shownLayers } from "../../run/shownLayers.js";
import type { RuleSettings } from "../../stats/rules/ruleSettings.js";
import { Disposable, type Release } from "../disposable.js";
import { Emitter } from "../emitter.js";
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
  /** Thresholds that differ from the defaults. */
  readonly rules: Partial<RuleSettings>;
}

/** Follows one run folder and tells what changed. Knows nothing of VS Code. */
export class RunSession extends Disposable implements SessionView {
  private readonly changed = this._register(new Emitter<SessionChange>());
  readonly onDidChange = this.changed.event;

  private readonly rows: RunRows;
  private currentLabel: RunLabel;
  private readonly queries: RunQueries;
  private readonly findingsKeeper: FindingsKeeper;
  private readonly layerSummaries: LayerSummaries;
  private epochList: EpochMetrics[] = [];
  private file: RunFile | null = null;
  private seenStatus: RunStatus = "interrupted";
  private problem: string | null = null;
  private shown: readonly LayerInfo[] = [];
  private lastStepAtMs = Date.now();
  private condition = "";
  private readonly timer = this._register(new PollTimer(() => this.poll()));
  private readonly toldDamage = new Set<string>();

  constructor(
    readonly folder: string,
    private readonly host: SessionHost,
  ) {
    super();
    this.rows = new RunRows(folder, host);
    this.currentLabel = readRunLabel(folder);
    this.findingsKeeper = new FindingsKeeper(host.rules);
    this.layerSummaries = new LayerSummaries(this.findingsKeeper);
    this.queries = new RunQueries(
      () => this.rows.history,
      () => this.layers,
      () => this.extent(),
    );
    if (!this.restore()) this.rows.lookAhead(readRunOrNull(folder)?.layers ?? []);
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
    return this.epochList;
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
    // A run that has ended is read to its end and then left alone.
    if (more) this.timer.again();
    else if (this.seenStatus === "running") this.timer.later(hasRows);
    else this.rows.save({ epochs: this.epochList, findings: this.findings });
  }

  private tellDamage(): void {
    for (const sentence of this.rows.history.reader.damage) {
      if (!this.toldDamage.has(sentence)) this.host.log(sentence);
      this.toldDamage.add(sentence);
    }
  }

  /** An ended run goes on from what was kept beside it; whatever cannot be used is read again from the rows. */
  private restore(): boolean {
    try {
      const run = readRunFile(this.folder);
      if (effectiveStatus(run) === "running") return false;
      const memory = this.rows.restore();
      if (memory === null) return false;
      this.epochList = [...memory.epochs];
      this.findingsKeeper.restore(memory.findings);
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
    const epochs = this.addEpochs(events);
    const findings = this.findingsKeeper.add({ run, layersChanged: layers, status, batches, events, more });
    const all = findings || isReadNow || this.summaries.size === 0;
    const news = isReading ? [] : touched;
    const summaries = this.layerSummaries.update(all ? run.layers.map(({ index }) => index) : news, this.rows.last);
    const condition = runCondition(this.sight(run));
    const hasRows = batches.length > 0 && !isReading;
    const header = run !== before || ended || hasRows || isReadNow || condition !== this.condition;
    this.condition = condition;
    const firstSteps = hasRows ? batches.map(({ steps }) => steps[0] ?? Number.POSITIVE_INFINITY) : [];
    const rowsFrom = Math.min(Number.POSITIVE_INFINITY, ...firstSteps);
    const afresh = reset || isReadNow;
    if (header || layers || summaries || findings || epochs || afresh) {
      this.changed.fire({ header, layers, summaries, findings, epochs, rowsFrom, reset: afresh });
    }
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
    this.findingsKeeper.clear();
    this.layerSummaries.clear();
    this.epochList = [];
  }

  private addEpochs(events: readonly RunEvent[]): boolean {
    const fresh = events.filter((event) => event.type === "epoch");
    if (fresh.length > 0)
      this.epochList = [
        ...this.epochList,
        ...fresh.map(({ epoch, step, logs, timeMs }) => ({ epoch, step, logs, timeMs })),
      ];
    return fresh.length > 0;
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
    }
    if (isGone) this.seenStatus = "interrupted";
    else this.timer.afterFailure();
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

/** run.json read afresh; null when it is gone. */
export function readRunOrNull(folder: string): RunFile | null {
  try {
    return readRunFile(folder);
  } catch {
    return null;
  }
}
