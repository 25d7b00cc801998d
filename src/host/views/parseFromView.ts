import type { FromView, SeriesRequest, ViewAxis } from "../../protocol/views.js";
import type { SourcePosition } from "../../run/format.js";
import { listColumns, type StatisticName, scalarColumns } from "../../stats/catalogue.js";

const statistics: ReadonlySet<string> = new Set([
  ...Object.values(scalarColumns).flat(),
  ...Object.values(listColumns).flat(),
]);
/** As many runs as a comparison may have. */
const mostCompared = 8;
const mostPoints = 20_000;
const mostSeries = 5_000;

/** A message of a view, checked; null for anything that a view of ours does not send. */
export function parseFromView(value: unknown): FromView | null {
  if (!isRecord(value)) return null;
  switch (value.type) {
    case "ready":
      return { type: "ready" };
    case "subscribe": {
      const { series, range, points, axis } = value;
      if (!Array.isArray(series) || series.length > mostSeries || !isCount(points)) return null;
      if (!series.every(isSeriesRequest) || !isRangeOrNull(range) || !(axis === undefined || isAxis(axis))) return null;
      return {
        type: "subscribe",
        series,
        range,
        points: Math.min(points, mostPoints),
        ...(axis === undefined ? {} : { axis }),
      };
    }
    case "channels":
      return isIndex(value.layer) && isIndexOrNull(value.step)
        ? { type: "channels", layer: value.layer, step: value.step }
        : null;
    case "healthMap": {
      const { statistic, columns, range } = value;
      if (!isStatistic(statistic) || !isCount(columns) || !isRangeOrNull(range ?? null)) return null;
      return { type: "healthMap", statistic, columns: Math.min(columns, mostPoints), range: (range ?? null) as null };
    }
    case "histograms": {
      const { layer, columns, range } = value;
      if (!isIndex(layer) || !isCount(columns) || !isRangeOrNull(range)) return null;
      return { type: "histograms", layer, columns: Math.min(columns, mostPoints), range };
    }
    case "select":
      return isIndexOrNull(value.layer) && isIndexOrNull(value.step)
        ? { type: "select", layer: value.layer, step: value.step }
        : null;
    case "remember":
      return isRecord(value.state) ? { type: "remember", state: value.state } : null;
    case "problem":
      return typeof value.message === "string" ? { type: "problem", message: value.message.slice(0, 10_000) } : null;
    case "openSource":
      return isSource(value.source) ? { type: "openSource", source: value.source } : null;
    case "openDashboard":
      return isIndexOrNull(value.layer) ? { type: "openDashboard", layer: value.layer } : null;
    case "openRun":
      return typeof value.folder === "string" ? { type: "openRun", folder: value.folder } : null;
    case "compare": {
      const { folders } = value;
      if (!Array.isArray(folders) || folders.length > mostCompared) return null;
      return folders.every((folder) => typeof folder === "string") ? { type: "compare", folders } : null;
    }
    case "command":
      return typeof value.command === "string" ? { type: "command", command: value.command } : null;
    case "save":
      return parseSave(value);
    default:
      return null;
  }
}

function parseSave({ suggestedName, content }: Record<string, unknown>): FromView | null {
  if (typeof suggestedName !== "string" || !isRecord(content)) return null;
  if (content.kind === "png" && typeof content.dataUrl === "string") {
    return { type: "save", suggestedName, content: { kind: "png", dataUrl: content.dataUrl } };
  }
  if (content.kind === "csv" && typeof content.text === "string") {
    return { type: "save", suggestedName, content: { kind: "csv", text: content.text } };
  }
  return null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function isIndex(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= -1;
}

function isIndexOrNull(value: unknown): value is number | null {
  return value === null || isIndex(value);
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value > 0;
}

function isStatistic(value: unknown): value is StatisticName {
  return typeof value === "string" && statistics.has(value);
}

function isRangeOrNull(value: unknown): value is { readonly from: number; readonly to: number } | null {
  if (value === null) return true;
  return isRecord(value) && typeof value.from === "number" && typeof value.to === "number" && value.from <= value.to;
}

function isSeriesRequest(value: unknown): value is SeriesRequest {
  if (!isRecord(value) || !isIndex(value.layer) || !isStatistic(value.statistic)) return false;
  const { weight, run, channel, points } = value;
  if (run !== undefined && !(isIndex(run) && run >= 0 && run < mostCompared)) return false;
  if (channel !== undefined && !(isIndex(channel) && channel >= 0)) return false;
  return (weight === undefined || isIndex(weight)) && (points === undefined || isCount(points));
}

function isAxis(value: unknown): value is ViewAxis {
  return value === "step" || value === "epoch" || value === "time";
}

function isSource(value: unknown): value is SourcePosition {
  return isRecord(value) && typeof value.file === "string" && isIndex(value.line) && isIndex(value.column);
}
