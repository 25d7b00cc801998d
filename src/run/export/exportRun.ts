import { ArrowExport } from "./arrowExport.js";
import { CsvExport } from "./csvExport.js";
import { type Exporter, exportRows } from "./exportRows.js";
import { JsonExport } from "./jsonExport.js";
import { ParquetExport } from "./parquetExport.js";
import { TensorboardExport } from "./tensorboardExport.js";

const exporters = {
  csv: (path: string): Exporter => new CsvExport(path),
  json: (path: string): Exporter => new JsonExport(path),
  arrow: (path: string): Exporter => new ArrowExport(path),
  parquet: (path: string): Exporter => new ParquetExport(path),
  tensorboard: (path: string): Exporter => new TensorboardExport(path),
} as const;

export type ExportFormat = keyof typeof exporters;
export const exportFormats = Object.keys(exporters) as readonly ExportFormat[];

/**
 * Writes a run to a file (for `tensorboard` into a folder), and tells what of the run cannot be read, one sentence each.
 * The file appears when it is complete. Throws
 * RunFolderError where there is no run, and the file system's error where the path cannot be written.
 */
export function exportRun(folder: string, format: ExportFormat, path: string): readonly string[] {
  return exportRows(folder, exporters[format](path));
}
