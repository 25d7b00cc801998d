import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { eventsFileName, type RunEvent } from "./format.js";

/** Follows events.jsonl: each poll gives the lines that have become complete; a line that is no event is skipped. */
export class EventTail {
  private offset = 0;
  private readonly path: string;

  constructor(folder: string) {
    this.path = join(folder, eventsFileName);
  }

  poll(): RunEvent[] {
    const bytes = this.readNew();
    const end = bytes.lastIndexOf(0x0a) + 1;
    this.offset += end;
    return bytes.subarray(0, end).toString("utf8").split("\n").flatMap(parseEvent);
  }

  private readNew(): Buffer {
    let file: number;
    try {
      file = openSync(this.path, "r");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return Buffer.alloc(0);
      throw error;
    }
    try {
      const bytes = Buffer.alloc(Math.max(0, fstatSync(file).size - this.offset));
      const got = bytes.length === 0 ? 0 : readSync(file, bytes, 0, bytes.length, this.offset);
      return bytes.subarray(0, got);
    } finally {
      closeSync(file);
    }
  }
}

function parseEvent(line: string): RunEvent[] {
  if (line === "") return [];
  try {
    const event = JSON.parse(line) as Partial<RunEvent> | null;
    return typeof event?.type === "string" && typeof event.step === "number" ? [event as RunEvent] : [];
  } catch {
    return [];
  }
}
