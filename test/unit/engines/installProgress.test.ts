import { describe, expect, it } from "vitest";
import { type InstallProgress, ProgressReporter } from "../../../src/engines/installProgress.js";

function record(): { reporter: ProgressReporter; reports: InstallProgress[]; clock: { now: number } } {
  const reports: InstallProgress[] = [];
  const clock = { now: 0 };
  return {
    reporter: new ProgressReporter(
      (report) => reports.push(report),
      () => clock.now,
    ),
    reports,
    clock,
  };
}

describe("progress of an installation", () => {
  it("rises from step to step and reaches one", () => {
    const { reporter, reports } = record();
    for (const step of ["check", "packages", "download", "extract", "compile", "verify", "switch"] as const) {
      reporter.begin(step, step);
      reporter.bytes(10, 10);
    }
    const fractions = reports.map(({ fraction }) => fraction);
    expect(fractions[0]).toBe(0);
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
    expect(fractions.at(-1)).toBeCloseTo(1, 12);
  });

  it("does not fall when a second download begins", () => {
    const { reporter, reports } = record();
    reporter.begin("compile", "compile");
    reporter.begin("download", "a compiler");
    reporter.bytes(0, 10);
    expect(reports.at(-1)?.fraction).toBe(reports[0]?.fraction);
  });

  it("sends at most ten reports a second within a step, and always the last", () => {
    const { reporter, reports, clock } = record();
    reporter.begin("download", "download");
    for (let bytes = 1; bytes <= 1000; bytes++) {
      clock.now += 1;
      reporter.bytes(bytes, 1000);
    }
    expect(reports.length).toBeLessThanOrEqual(12);
    expect(reports.at(-1)).toMatchObject({ bytes: 1000, totalBytes: 1000 });
  });
});
