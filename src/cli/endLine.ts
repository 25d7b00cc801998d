import type { RunFile } from "../run/format.js";

/** How a run ended, in one line for stderr; the caller adds the folder. */
export function endLine(run: RunFile): string {
  const parts: string[] = [run.status];
  if (run.exitCode !== null && run.exitCode !== 0) {
    parts.push(run.signal === null ? `exit code ${run.exitCode}` : `by ${run.signal}`);
  }
  parts.push(`${run.steps} ${run.steps === 1 ? "step" : "steps"}`);
  if (run.engine !== null) parts.push(`engine ${run.engine.name}`);
  if (run.overhead.percent !== null) parts.push(`overhead ${run.overhead.percent.toFixed(1)} %`);
  const nothing = run.steps === 0 && run.error !== null ? ` ${run.error.message}` : "";
  return `${parts.join(", ")}.${nothing} Run folder:`;
}
