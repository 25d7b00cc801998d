/**
 * Extension host ↔ webviews (dashboard and live view). Snapshot, then increments:
 * a view says `ready`, gets `snapshot`, then what it asked for, then deltas while it is visible.
 * Every string of a run is data: views set it as text, never as HTML.
 */

import type { LayerInfo, RunFile, RunLabel, RunStatus, SourcePosition, WeightInfo } from "../run/format.js";
import type { StatisticName } from "../stats/catalogue.js";

export type ToView =
  | SnapshotMessage
  | RunMessage
  | LayersMessage
  | SummariesMessage
  | FindingsMessage
  | SeriesMessage
  | ChannelsMessage
  | HealthMapMessage
  | HistogramsMessage
  | MetricsMessage
  | RunListMessage
  | CompareMessage
  | RevealMessage
  | ActMessage;

export type FromView =
  | ReadyMessage
  | SubscribeMessage
  | ChannelsRequest
  | HealthMapRequest
  | HistogramsRequest
  | SelectMessage
  | RememberMessage
  | ProblemMessage
  | OpenSourceMessage
  | OpenDashboardMessage
  | OpenRunMessage
  | CompareRequest
  | CommandMessage
  | SaveMessage;

/** State of the run as a view shows it; `none` when there is no run to show. */
export type RunState = "none" | "waiting" | "stalled" | RunStatus;

/** Header of the run: everything of run.json but the layers. */
export interface RunHeader {
  readonly state: RunState;
  /** One sentence for the state and one for what to do next; already translated. */
  readonly sentence: string;
  readonly action: { readonly label: string; readonly command: string } | null;
  readonly run: Omit<RunFile, "layers" | "weights"> | null;
  /** What the user has said about the run: its name, tags, and whether it is kept. */
  readonly label: RunLabel;
  /** A long run that has just been opened: series are samples and there are no findings until all of it is read. */
  readonly isReading: boolean;
  readonly loss: number | null;
  readonly stepsPerSecond: number | null;
  readonly elapsedMs: number | null;
  readonly remainingMs: number | null;
}

export interface SnapshotMessage {
  readonly type: "snapshot";
  readonly header: RunHeader;
  readonly layers: readonly LayerInfo[];
  readonly weights: readonly WeightInfo[];
  readonly summaries: readonly LayerSummary[];
  readonly findings: readonly ViewFinding[];
  /** Layer index to select, from the last session or the click that opened the view. */
  readonly selectedLayer: number | null;
}

export interface RunMessage {
  readonly type: "run";
  readonly header: RunHeader;
}

export interface LayersMessage {
  readonly type: "layers";
  readonly layers: readonly LayerInfo[];
  readonly weights: readonly WeightInfo[];
}

/** Last numbers of a layer, for lists and ordering. */
export interface LayerSummary {
  readonly layer: number;
  readonly step: number;
  readonly last: Readonly<Partial<Record<StatisticName, number>>>;
  /** 0 healthy, 1 info, 2 warning, 3 error. */
  readonly severity: 0 | 1 | 2 | 3;
  /** Larger is worse; the live view shows the worst first. */
  readonly attention: number;
}

export interface SummariesMessage {
  readonly type: "summaries";
  readonly summaries: readonly LayerSummary[];
}

export interface ViewFinding {
  readonly id: string;
  readonly level: "info" | "warning" | "error";
  readonly layer: number | null;
  readonly channel: number | null;
  readonly step: number;
  readonly message: string;
  readonly action: string;
  readonly source: SourcePosition | null;
}

export interface FindingsMessage {
  readonly type: "findings";
  readonly findings: readonly ViewFinding[];
}

/** `layer` is an index in layers; -1 for the whole model (loss, step time, probes of the loss). Lists are reduced to their channels' mean. */
export interface SeriesKey {
  readonly layer: number;
  readonly statistic: StatisticName;
  /** Index in weights; only, and always, for statistics of the table `weights`. */
  readonly weight?: number;
  /**
   * Index in `CompareMessage.runs`; absent outside a comparison. `layer` and `weight` are always those of the shown
   * run, and found by path, else by name, in the other; a run that lacks the layer has no points.
   */
  readonly run?: number;
  /** This channel's own value; only for lists, which are reduced to their channels' mean without it. */
  readonly channel?: number;
}

/**
 * What the horizontal axis counts. `step`: steps; `epoch`: thousandths of an epoch, 1000 = the end of the first one;
 * `time`: milliseconds since the run's start.
 */
export type ViewAxis = "step" | "epoch" | "time";

export interface SeriesRequest extends SeriesKey {
  /** At most this many points for this series; absent: `SubscribeMessage.points`. */
  readonly points?: number;
}

/** What a view wants to see; replaces the last subscription. `range` null = live: everything up to the newest step. */
export interface SubscribeMessage {
  readonly type: "subscribe";
  readonly series: readonly SeriesRequest[];
  readonly range: { readonly from: number; readonly to: number } | null;
  /** At most this many points are sent for a series (two per pixel of its chart). */
  readonly points: number;
  /** Unit of `range` and of the steps that are sent for series with a `run`; absent: `step`. */
  readonly axis?: ViewAxis;
}

/**
 * Points of one series, oldest first. A bucket stands for steps step[i] .. step[i+1]-1.
 * NaN in `mean` marks a bucket that holds a NaN or Inf value; `nonfinite` lists the first such steps.
 * For series of a comparison `step` and `nonfinite` are in the unit of its axis.
 */
export interface SeriesData {
  readonly key: SeriesKey;
  readonly step: Float64Array;
  readonly mean: Float64Array;
  readonly min: Float64Array;
  readonly max: Float64Array;
  readonly nonfinite: readonly number[];
  /** Only some of the captured steps were read: there are too many of them. */
  readonly isSample?: boolean;
  /** The last point is the newest value alone, beside the bucket that holds it too. It gives way to any point that follows. */
  readonly endsInNewest?: boolean;
}

export interface SeriesMessage {
  readonly type: "series";
  /** Range that the points cover. */
  readonly from: number;
  readonly to: number;
  /** False: replaces what the view holds. True: points at steps ≥ the first sent step replace, the rest stays. */
  readonly append: boolean;
  readonly data: readonly SeriesData[];
}

/** Answered once; asked again when the view wants newer ones. Per-channel values of one layer at one step (the last captured one at or before it; null = newest). */
export interface ChannelsRequest {
  readonly type: "channels";
  readonly layer: number;
  readonly step: number | null;
}

export interface ChannelsMessage {
  readonly type: "channels";
  readonly layer: number;
  readonly step: number;
  readonly values: Readonly<Partial<Record<StatisticName, Float64Array>>>;
}

/** Answered once. A statistic of the table `weights` is that of the layer's kernel (its first weight). */
export interface HealthMapRequest {
  readonly type: "healthMap";
  readonly statistic: StatisticName;
  readonly columns: number;
  /** Absent or null: the whole run. */
  readonly range?: { readonly from: number; readonly to: number } | null;
}

/** Row-major [layers.length, columns]; NaN = not captured, Infinity = the bucket holds a NaN or Inf. */
export interface HealthMapMessage {
  readonly type: "healthMap";
  readonly statistic: StatisticName;
  readonly layers: readonly number[];
  readonly columns: number;
  readonly from: number;
  readonly to: number;
  readonly values: Float64Array;
}

/** Answered once: at most `columns` captured histograms of one layer, spread over the range (null: the whole run). */
export interface HistogramsRequest {
  readonly type: "histograms";
  readonly layer: number;
  readonly columns: number;
  readonly range: { readonly from: number; readonly to: number } | null;
}

/**
 * Column i was captured at step[i]; its `bins` counts are row i of `counts`: the values below low[i], then equal bins
 * from low[i] to high[i], then the values above high[i].
 */
export interface HistogramsMessage {
  readonly type: "histograms";
  readonly layer: number;
  readonly bins: number;
  readonly step: Float64Array;
  readonly low: Float64Array;
  readonly high: Float64Array;
  readonly counts: Float64Array;
}

/** What the script logs at the end of each epoch. */
export interface EpochMetrics {
  readonly epoch: number;
  readonly step: number;
  readonly logs: Readonly<Record<string, number | string>>;
  /** When it ended, since the run's start; absent where an older version remembered it. */
  readonly timeMs?: number;
}

/** All epochs so far; sent after the snapshot and whenever one is added. */
export interface MetricsMessage {
  readonly type: "metrics";
  readonly epochs: readonly EpochMetrics[];
}

export interface RunListEntry {
  readonly folder: string;
  readonly id: string;
  readonly script: string;
  readonly status: RunStatus;
  readonly startedAt: string;
  readonly steps: number;
  readonly label: RunLabel;
  /** 0 for a run that no other one started; a run that one started comes after it, one deeper. */
  readonly depth: number;
}
export interface RunListMessage {
  readonly type: "runs";
  readonly runs: readonly RunListEntry[];
}

/** One run of a comparison, as it is told apart from the others. */
export interface ComparedRun {
  readonly folder: string;
  readonly id: string;
  /** What the user called it, else its script and start; unique within the comparison. */
  readonly name: string;
  readonly label: RunLabel;
  readonly status: RunStatus;
  readonly steps: number;
  readonly loss: number | null;
  readonly epochs: readonly EpochMetrics[];
  /** The newest place on each axis; null where the run does not tell (no epochs, no times). */
  readonly end: Readonly<Record<ViewAxis, number | null>>;
  /** Indexes of the shown run's layers that this run lacks. */
  readonly missingLayers: readonly number[];
}

/** Something in which the runs of a comparison differ. */
export interface RunDifference {
  /** What it belongs to: the run as a whole, or a layer's path. */
  readonly layer: string | null;
  /** Name of the field as in run.json, or of the argument. */
  readonly name: string;
  /** For each run, as text; null where the run has no such thing. */
  readonly values: readonly (string | null)[];
}

/** The runs that are compared, the shown one first; none: nothing is compared (any more). Sent whenever one changes. */
export interface CompareMessage {
  readonly type: "compare";
  readonly runs: readonly ComparedRun[];
  readonly differences: readonly RunDifference[];
  /** Of the shown run's layers, the farthest first. */
  readonly distances: readonly LayerDistance[];
}

/** How far a layer's newest output is from that in the run where it differs most. */
export interface LayerDistance {
  readonly layer: number;
  /** Between means in standard deviations, or the logarithm of the standard deviations' ratio; the larger. */
  readonly sigma: number;
}

/** Select this layer (and step), scroll to it. */
export interface RevealMessage {
  readonly type: "reveal";
  readonly layer: number;
  readonly step: number | null;
}

/** A command of the palette, a key or a context menu that the view itself carries out. */
export interface ActMessage {
  readonly type: "act";
  readonly action: ViewAction;
}

export type ViewAction =
  | "goLive"
  | "zoomIn"
  | "zoomOut"
  | "resetZoom"
  | "cursorBack"
  | "cursorForward"
  | "toggleLogarithmic"
  | "smoothMore"
  | "toggleOutliers"
  | "foldSection"
  | "moveSectionUp"
  | "moveSectionDown"
  | "toggleTable"
  | "copyChart"
  | "saveChart"
  | "saveNumbers"
  | "findLayer";

export interface ReadyMessage {
  readonly type: "ready";
}
/** What the user looks at now. */
export interface SelectMessage {
  readonly type: "select";
  readonly layer: number | null;
  /** Null: the newest step. */
  readonly step: number | null;
}
/** What the view keeps for the time after it is loaded again; the host has it for a page in another place. */
export interface RememberMessage {
  readonly type: "remember";
  readonly state: object;
}
/** An error inside the view, for the log. */
export interface ProblemMessage {
  readonly type: "problem";
  readonly message: string;
}
export interface OpenSourceMessage {
  readonly type: "openSource";
  readonly source: SourcePosition;
}
export interface OpenDashboardMessage {
  readonly type: "openDashboard";
  readonly layer: number | null;
}
export interface OpenRunMessage {
  readonly type: "openRun";
  readonly folder: string;
}
/** Compare these runs, by folder, the first as the shown one; fewer than two: leave the comparison. */
export interface CompareRequest {
  readonly type: "compare";
  readonly folders: readonly string[];
}
/** One of our own contributed commands. */
export interface CommandMessage {
  readonly type: "command";
  readonly command: string;
}
export interface SaveMessage {
  readonly type: "save";
  readonly suggestedName: string;
  readonly content:
    | { readonly kind: "png"; readonly dataUrl: string }
    | { readonly kind: "csv"; readonly text: string };
}
