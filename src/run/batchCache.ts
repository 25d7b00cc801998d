import type { ColumnBatch } from "./columnBatch.js";

/** The batches last used, as long as their columns fit in `limitBytes`: views ask for the same ones again and again. */
export class BatchCache {
  private readonly batches = new Map<string, ColumnBatch>();

  constructor(private readonly limitBytes: number) {}

  get(key: string, make: () => ColumnBatch): ColumnBatch {
    let batch = this.batches.get(key);
    if (batch === undefined) batch = make();
    else this.batches.delete(key);
    // A map keeps the order of insertion: the first key is the one that was used longest ago.
    this.batches.set(key, batch);
    return batch;
  }

  /** Call after use: columns are read, and counted, while a batch is used. */
  trim(): void {
    let bytes = 0;
    for (const batch of this.batches.values()) bytes += batch.bytesRead;
    for (const [key, batch] of this.batches) {
      if (bytes <= this.limitBytes) return;
      bytes -= batch.bytesRead;
      this.batches.delete(key);
    }
  }
}
