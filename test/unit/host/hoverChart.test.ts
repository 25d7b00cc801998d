import { describe, expect, it } from "vitest";
import { hoverChart } from "../../../src/host/editor/hoverChart.js";
import type { SeriesData } from "../../../src/protocol/views.js";

const colors = { line: "#111111", band: "#222222", text: "#333333", trouble: "#ff0000" };

function series(values: readonly number[], nonfinite: readonly number[] = []): SeriesData {
  const data = Float64Array.from(values);
  const step = Float64Array.from(values, (_, at) => at * 10);
  return { key: { layer: 0, statistic: "mean" }, step, mean: data, min: data, max: data, nonfinite };
}

function svg(uri: string | undefined): string {
  return Buffer.from(uri?.replace("data:image/svg+xml;base64,", "") ?? "", "base64").toString("utf8");
}

describe("hoverChart", () => {
  it("draws the mean inside its band", () => {
    const text = svg(hoverChart(series([0, 2]), series([1, 1]), colors));
    // The band spans -1 … 3 over 62 px: 0 lies at 4 + 62·3/4, 2 at 4 + 62·1/4.
    expect(text).toContain('<polyline points="4,50.5 296,19.5"');
    expect(text).toContain('<polygon points="4,35 296,4 296,35 4,66"');
  });

  it("marks steps that are not finite and leaves them out of the line", () => {
    const text = svg(hoverChart(series([0, Number.NaN, 2], [10]), series([1, Number.NaN, 1]), colors));
    expect(text).toContain('M150 0v6" stroke="#ff0000"');
    expect(text).not.toContain("NaN");
  });

  it("draws nothing of less than two points", () => {
    expect(hoverChart(series([1]), series([1]), colors)).toBeUndefined();
    expect(hoverChart(series([Number.NaN, 1]), series([1, 1]), colors)).toBeUndefined();
  });

  it("copes with a constant", () => {
    expect(svg(hoverChart(series([3, 3]), series([0, 0]), colors))).not.toMatch(/NaN|Infinity/);
  });
});
