import { closeSync, openSync, renameSync, rmSync, writeSync } from "node:fs";

const flushFromLength = 2 ** 20;

/** A file that appears under its name when it is complete. */
export class OutputFile {
  private readonly temporary: string;
  private readonly file: number;
  private isOpen = true;
  private text = "";

  constructor(readonly path: string) {
    this.temporary = `${path}.${process.pid}.tmp`;
    this.file = openSync(this.temporary, "w");
  }

  writeText(text: string): void {
    this.text += text;
    if (this.text.length >= flushFromLength) this.flushText();
  }

  writeBytes(bytes: Uint8Array): void {
    this.flushText();
    for (let at = 0; at < bytes.length; ) at += writeSync(this.file, bytes, at);
  }

  close(): void {
    this.flushText();
    this.closeFile();
    renameSync(this.temporary, this.path);
  }

  /** Also when `close` could not give the file its name. */
  abandon(): void {
    this.closeFile();
    rmSync(this.temporary, { force: true });
  }

  private closeFile(): void {
    if (this.isOpen) closeSync(this.file);
    this.isOpen = false;
  }

  private flushText(): void {
    const { text } = this;
    this.text = "";
    if (text !== "") this.writeBytes(Buffer.from(text));
  }
}
