import { readBytes } from "./readBytes.js";

/** Reads a file from front to back in pieces of at least `pieceBytes`, so that many small things in it cost one look at the disk. */
export class FileWindow {
  private piece = new Uint8Array(new ArrayBuffer(0));
  private start = 0;

  constructor(
    private readonly file: number,
    private readonly size: number,
    private readonly pieceBytes: number,
  ) {}

  /** At an address that is a multiple of 8. The memory may be shared with what else is read. Throws where the file ends before. */
  bytes(offset: number, length: number): Uint8Array<ArrayBuffer> {
    if (length > this.pieceBytes) return readBytes(this.file, offset, length);
    if (offset < this.start || offset + length > this.start + this.piece.length) {
      this.piece = readBytes(this.file, offset, Math.max(length, Math.min(this.pieceBytes, this.size - offset)));
      this.start = offset;
    }
    const from = offset - this.start;
    return from % 8 === 0 ? this.piece.subarray(from, from + length) : this.piece.slice(from, from + length);
  }
}
