import type { RunEvent, RunFile } from "../format.js";
import type { ExportBatch, Exporter } from "./exportRows.js";
import { OutputFile } from "./outputFile.js";

/**
 * `{ run, rows: [{ table, step, layer, weight, <statistic>: … }], events }`, a row a line. NaN and the infinities are
 * strings, as in the command line's own JSON.
 */
export class JsonExport implements Exporter {
  private readonly file: OutputFile;
  private separator = "\n";

  constructor(path: string) {
    this.file = new OutputFile(path);
  }

  begin(run: RunFile): void {
    this.file.writeText(`{"run":${JSON.stringify(run, numberAsText)},\n"rows":[`);
  }

  add({ table, batch, layerOf, weightOf }: ExportBatch): void {
    const rowAt = batch.rows();
    for (let at = 0; at < batch.length; at++) {
      const series = batch.series[at] as number;
      const keys = { table, step: batch.steps[at], layer: layerOf(series), weight: weightOf(series) };
      this.file.writeText(`${this.separator}${JSON.stringify({ ...keys, ...rowAt(at) }, numberAsText)}`);
      this.separator = ",\n";
    }
  }

  end(events: readonly RunEvent[]): void {
    this.file.writeText(`\n],\n"events":${JSON.stringify(events, numberAsText)}}\n`);
    this.file.close();
  }

  abandon(): void {
    this.file.abandon();
  }
}

function numberAsText(_key: string, value: unknown): unknown {
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  return value instanceof Float32Array ? Array.from(value) : value;
}
