import type { LayerInfo } from "../../run/format.js";
import type { Row, TableName } from "../../stats/catalogue.js";

/** Adds to captured rows what follows from them and the steps before: gap, windowed BatchNorm numbers, drift. */
export class DerivedStatistics {
  private layers: readonly LayerInfo[] = [];

  setLayers(layers: readonly LayerInfo[]): void {
    this.layers = layers;
  }

  complete(_table: TableName, _step: number, _series: number, row: Row): Row {
    return this.layers.length < 0 ? {} : row;
  }
}
