import type { ChartDesk } from "../charts/chartDesk.js";
import type { ChartSpec } from "../charts/chartSpec.js";
import type { ChartView } from "../charts/chartView.js";
import { h } from "../shared/h.js";

/** Full charts side by side; a chart stays as long as its signature does. */
export class ChartGrid {
  readonly element = h("div", { class: "chart-grid" });
  private readonly charts = new Map<string, ChartView>();

  constructor(private readonly desk: ChartDesk) {}

  set(specs: readonly ChartSpec[]): void {
    const wanted = new Map(specs.map((spec) => [signature(spec), spec]));
    for (const [key, chart] of this.charts) {
      if (wanted.has(key)) continue;
      this.desk.remove(chart);
      this.charts.delete(key);
    }
    for (const [key, spec] of wanted) {
      if (this.charts.has(key)) continue;
      this.charts.set(key, this.desk.add(spec, { compact: false }));
    }
    const inOrder = [...wanted.keys()].map((key) => (this.charts.get(key) as ChartView).element);
    inOrder.forEach((element, place) => {
      if (this.element.children[place] !== element)
        this.element.insertBefore(element, this.element.children[place] ?? null);
    });
  }
}

function signature({ kind, layer, traces }: ChartSpec): string {
  const points = traces.map(({ id, keys, derive }) => (keys.length > 0 ? id : `${id} ${derive([]).length}`));
  return JSON.stringify([kind, layer?.index ?? null, layer?.name ?? null, points]);
}
