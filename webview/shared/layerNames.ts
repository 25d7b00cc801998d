import type { LayerSummary } from "../../src/protocol/views.js";
import { formatNumber, formatPercent } from "./format.js";
import { type IconName, icon } from "./h.js";
import type { StringKey } from "./strings.js";
import { t } from "./translate.js";

export type Severity = LayerSummary["severity"];

const severityNames: readonly StringKey[] = ["severityHealthy", "severityInfo", "severityWarning", "severityError"];
const severityIcons: readonly IconName[] = ["healthy", "info", "warning", "error"];

export function severityName(severity: Severity): string {
  return t(severityNames[severity] ?? "severityHealthy");
}

/** Shape and colour; the name is for screen readers and as a tooltip. */
export function severityIcon(severity: Severity): Element {
  const element = icon(severityIcons[severity] ?? "healthy");
  element.classList.add(`severity-${severity}`);
  return element;
}

/** The numbers of a layer in lines: for BatchNorm shift and variance, for others mean ± std; what is bad first. */
export function layerNumbers(summary: LayerSummary | undefined): string[] {
  if (summary === undefined) return [];
  const { last } = summary;
  const lines: string[] = [];
  if ((last.nanCount ?? 0) > 0 || (last.infCount ?? 0) > 0) {
    lines.push(t("nonfiniteLine", formatNumber(last.nanCount ?? 0), formatNumber(last.infCount ?? 0)));
  }
  if (last.batchVariance !== undefined || last.runningVariance !== undefined) {
    if (last.meanShift !== undefined) lines.push(t("gapLine", short(last.meanShift), short(last.samplingNull)));
    lines.push(t("varianceLine", short(last.batchVariance), short(last.runningVariance)));
    return lines;
  }
  if (last.mean === undefined) return lines;
  const mean = t("deviationLine", short(last.mean), short(Math.sqrt(last.variance ?? Number.NaN)));
  const zeros = (last.zeroFraction ?? 0) > 0.005 ? ` · ${t("zerosLine", formatPercent(last.zeroFraction ?? 0))}` : "";
  lines.push(mean + zeros);
  return lines;
}

export function driftSentence(summary: LayerSummary): string {
  const { meanShift, samplingNull, referenceDrift } = summary.last;
  return meanShift !== undefined
    ? t("gapAgainstChance", short(meanShift), short(samplingNull))
    : t("driftFromReference", short(referenceDrift));
}

/** Three significant digits are enough where the chart shows the rest. */
function short(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value) || value === 0) return formatNumber(value);
  return formatNumber(Number(value.toPrecision(3)));
}
