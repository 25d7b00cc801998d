import type { FindingDescription, RunDescription } from "../run/runDescription.js";
import type { StatisticValue } from "../run/runSummary.js";
import { shortNumber, textTable } from "./textTable.js";

/** A run for people: header, then one line a layer. */
export function describeRunText(run: RunDescription): string {
  return [header(run), layerTable(run), findingsText(run.findings)].filter((part) => part !== "").join("\n");
}

function header(run: RunDescription): string {
  const lines = [`${run.id}  ${run.status}${run.exitCode ? ` (exit code ${run.exitCode})` : ""}`, run.folder];
  lines.push(`script   ${[run.script.path, ...run.script.arguments].join(" ")}`);
  if (run.engine !== null) lines.push(`engine   ${run.engine.name}: ${run.engine.reason}`);
  const loss = run.loss === null ? "" : `, loss ${shortNumber(run.loss)}`;
  const overhead = run.overhead.percent === null ? "" : `, overhead ${run.overhead.percent.toFixed(1)} %`;
  const skipped = run.overhead.skippedSteps === 0 ? "" : `, ${run.overhead.skippedSteps} skipped`;
  lines.push(`steps    ${run.steps}${loss}${overhead}${skipped}`);
  if (run.error !== null) lines.push(`error    ${run.error.message}`);
  lines.push(...run.notes.map((note) => `note     ${note}`));
  return `${lines.join("\n")}\n`;
}

function layerTable(run: RunDescription): string {
  if (run.layers.length === 0) return "";
  return textTable(
    ["layer", "class", "steps", "mean", "std", "drift", "gap", "nan", "source"],
    run.layers.map(({ name, className, steps, last, source }) => [
      name,
      className,
      steps,
      scalar(last.mean),
      root(scalar(last.variance)),
      scalar(last.referenceDrift),
      scalar(last.meanShift),
      scalar(last.nanCount),
      source === null ? "" : `${source.file}:${source.line}`,
    ]),
  );
}

function scalar(value: StatisticValue | null | undefined): number | null {
  return typeof value === "number" ? value : null;
}

function root(value: number | null): number | null {
  return value === null ? null : Math.sqrt(value);
}

/** One paragraph a finding: what is wrong, then what to do. */
export function findingsText(findings: readonly FindingDescription[]): string {
  if (findings.length === 0) return "No findings.\n";
  return findings.map(({ id, level, message, action }) => `${level} ${id}: ${message}\n  ${action}\n`).join("");
}
