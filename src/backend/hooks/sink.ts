import type { Row, TableName } from "../../stats/catalogue.js";
import type { Running } from "../../stats/derivedRows.js";
import type { EventContent } from "../recorder/recorder.js";
import type { LayerCatalogue } from "./layerCatalogue.js";
import type { BatchNormCall } from "./trainingStep.js";

/** Where the numbers go; the recorder, or a list in tests. */
export interface Sink {
  row(table: TableName, step: number, series: number, row: Row): void;
  /** What a BatchNorm layer's running statistics are before the row that follows, where that is not what its last row says. */
  running(series: number, running: Running): void;
  event(step: number, content: EventContent): void;
  layers(layers: LayerCatalogue["layers"], weights: LayerCatalogue["weights"]): void;
  /** `bareMs`: what the step took without us. */
  stepEnded(bareMs: number, batchNorms: Iterable<BatchNormCall>): void;
  /** Returns when all so far is on disk. */
  flush(): void;
  elapsedMs(): number;
  readonly isBehind: boolean;
}
