import type { ViewAxis } from "../../src/protocol/views.js";
import type { HostLink } from "../shared/hostLink.js";

/** What the view remembers over hide, reload and moving; `runId` tells the host which run to bring back. */
export interface ViewState {
  readonly version: 1;
  readonly runId: string | null;
  readonly selectedLayer: number | null;
  /** By the user; else the view shows the worst layer, and goes on with it once it is known for sure. */
  readonly isLayerChosen: boolean;
  readonly isLayerSettled: boolean;
  /** Of the selected layer: the channel that is drawn over time. */
  readonly pinnedChannel: number | null;
  readonly range: { readonly from: number; readonly to: number } | null;
  readonly cursor: number | null;
  readonly logarithmic: boolean;
  readonly smoothing: number;
  readonly robust: boolean;
  /** Folders of the runs that `range` and `cursor` compare; null: they are steps of the one run. */
  readonly compared: string | null;
  readonly comparedAxis: ViewAxis;
  readonly comparedStatistic: string;
  readonly isDifference: boolean;
  /** Empty: what tells most of the run. */
  readonly mapStatistic: string;
  readonly channelStatistic: string;
  readonly channelOrder: "value" | "index";
  readonly overviewKind: "all" | "batchNorm" | "trouble";
  readonly layerOrder: "worst" | "model";
  readonly folded: readonly string[];
  readonly order: readonly string[];
}

const fresh: ViewState = {
  version: 1,
  runId: null,
  selectedLayer: null,
  isLayerChosen: false,
  isLayerSettled: false,
  pinnedChannel: null,
  range: null,
  cursor: null,
  logarithmic: false,
  smoothing: 0,
  robust: true,
  compared: null,
  comparedAxis: "step",
  comparedStatistic: "",
  isDifference: false,
  mapStatistic: "",
  channelStatistic: "gap",
  channelOrder: "value",
  overviewKind: "all",
  layerOrder: "worst",
  folded: [],
  order: [],
};

/** Reads once, writes what it has read, which the host may have kept, and every change. */
export class StateStore {
  current: ViewState;

  constructor(private readonly link: HostLink) {
    this.current = { ...fresh, ...readKnown(link.readState()) };
    link.writeState(this.current);
  }

  set(change: Partial<ViewState>): void {
    this.current = { ...this.current, ...change };
    this.link.writeState(this.current);
  }
}

/** Keeps only what has the type it should have: the state may be an older version's. */
function readKnown(value: unknown): Partial<ViewState> {
  if (typeof value !== "object" || value === null || !("version" in value) || value.version !== 1) return {};
  const known = Object.entries(value).filter(([name, entry]) => {
    const like: unknown = fresh[name as keyof ViewState];
    if (like === undefined) return false;
    if (Array.isArray(like)) return Array.isArray(entry) && entry.every((item) => typeof item === "string");
    if (like === null)
      return (
        entry === null ||
        typeof entry === (name === "runId" || name === "compared" ? "string" : name === "range" ? "object" : "number")
      );
    return typeof entry === typeof like;
  });
  return Object.fromEntries(known) as Partial<ViewState>;
}
