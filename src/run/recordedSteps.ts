import { readdirSync } from "node:fs";
import { join } from "node:path";
import { type RunFile, segmentFileName } from "./format.js";
import { SegmentReader } from "./segmentReader.js";

const stepsSegment = /^steps\.(\d+)\.arrow$/;

/** Steps of a run. A process that was killed could not bring the number in run.json up to date: then its rows tell. */
export function recordedSteps(folder: string, { endedAt, steps }: RunFile): number {
  if (endedAt !== null) return steps;
  try {
    const numbers = readdirSync(folder).map((name) => Number(stepsSegment.exec(name)?.[1] ?? 0));
    const reader = new SegmentReader(join(folder, segmentFileName("steps", Math.max(0, ...numbers))), "steps");
    reader.poll(Number.POSITIVE_INFINITY, false);
    return Math.max(steps, reader.entries.at(-1)?.lastStep ?? 0);
  } catch {
    return steps;
  }
}
