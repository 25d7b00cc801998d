import { isPresent } from "../columnBatch.js";
import { type ExportBatch, type Exporter, exportKeys, exportLists, exportScalars } from "./exportRows.js";
import { OutputFile } from "./outputFile.js";

/**
 * One line for each captured row. A statistic that was not captured is empty; a list is its numbers with spaces
 * between; NaN and the infinities are written so.
 */
export class CsvExport implements Exporter {
  private readonly file: OutputFile;

  constructor(path: string) {
    this.file = new OutputFile(path);
  }

  begin(): void {
    this.file.writeText(`${[...exportKeys, ...exportScalars, ...exportLists].join(",")}\n`);
  }

  add({ table, batch, layerOf, weightOf }: ExportBatch): void {
    const scalars = exportScalars.map((name) => batch.scalar(name));
    const lists = exportLists.map((name) => batch.list(name));
    for (let at = 0; at < batch.length; at++) {
      const series = batch.series[at] as number;
      const cells = [table, String(batch.steps[at]), quoted(layerOf(series)), quoted(weightOf(series))];
      for (const column of scalars) {
        cells.push(column !== null && isPresent(column.valid, at) ? String(column.values[at]) : "");
      }
      for (const column of lists) {
        const has = column !== null && isPresent(column.valid, at);
        cells.push(has ? column.values.subarray(column.offsets[at], column.offsets[at + 1]).join(" ") : "");
      }
      this.file.writeText(`${cells.join(",")}\n`);
    }
  }

  end(): void {
    this.file.close();
  }

  abandon(): void {
    this.file.abandon();
  }
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
