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
import type { StepRange } from "../../run/runHistory.js";
import type { Release } from "../disposable.js";
import type { Listenable } from "../emitter.js";

/** What changed since the last event; a view sends only that. */
export interface SessionChange {
  readonly header: boolean;
  readonly layers: boolean;
  readonly summaries: boolean;
  readonly findings: boolean;
  readonly epochs: boolean;
  /** First step of the new rows, Infinity where there are none. The tables of a step may come one after the other. */
  readonly rowsFrom: number;
  /** Rows were thinned or start afresh. */
  readonly reset: boolean;
}

/** One run as the parts of the host see it. */
export interface SessionView {
  readonly folder: string;
  /** run.json; null where the folder cannot be read, see `header`. */
  readonly run: RunFile | null;
  readonly status: RunStatus;
  readonly label: RunLabel;
  /** Newest recorded step. */
  readonly steps: number;
  readonly layers: readonly LayerInfo[];
  readonly weights: readonly WeightInfo[];
  readonly summaries: ReadonlyMap<number, LayerSummary>;
  readonly findings: readonly ViewFinding[];
  readonly epochs: readonly EpochMetrics[];
  readonly onDidChange: Listenable<SessionChange>;
  header(): RunHeader;
  /** While it is held the run is read at least this often; where no time is given, often enough for a live picture. */
  watch(everyMs?: number): Release;
  /** First and last recorded step. */
  extent(): StepRange;
  /** Points by buckets of `width` steps (a power of two), aligned at multiples of it. */
  series(request: SeriesRequest, range: StepRange, width: number): SeriesData;
  channels(request: ChannelsRequest): ChannelsMessage;
  healthMap(request: HealthMapRequest): HealthMapMessage;
  histograms(request: HistogramsRequest): HistogramsMessage;
}
