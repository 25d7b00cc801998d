import type { ChartDesk } from "../charts/chartDesk.js";
import { learningRateChart, lossChart, metricCharts, probeCharts, stepTimeChart } from "../charts/runCharts.js";
import type { RunModel } from "../shared/runModel.js";
import { ChartGrid } from "./chartGrid.js";

/** Loss at every step, whatever the script logs per epoch, learning rate and step time. */
export class MetricsSection {
  private readonly grid: ChartGrid;

  constructor(
    desk: ChartDesk,
    private readonly model: RunModel,
  ) {
    this.grid = new ChartGrid(desk);
    this.show();
  }

  get element(): HTMLElement {
    return this.grid.element;
  }

  show(): void {
    const probes = probeCharts(this.model.probes);
    this.grid.set([lossChart(), ...metricCharts(this.model.epochs), ...probes, stepTimeChart(), learningRateChart()]);
  }
}
