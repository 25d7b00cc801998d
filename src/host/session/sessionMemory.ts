import type { ClockState } from "../../protocol/lookout.js";
import type { EpochMetrics, ViewFinding } from "../../protocol/views.js";
import type { StatisticName } from "../../stats/catalogue.js";

/** What a session knows of an ended run beside the tiers, so that opening it again does not read every row. */
export interface SessionMemory {
  readonly clock: ClockState;
  readonly last: readonly {
    readonly layer: number;
    readonly step: number;
    readonly values: Readonly<Partial<Record<StatisticName, number>>>;
  }[];
  readonly epochs: readonly EpochMetrics[];
  readonly findings: readonly ViewFinding[];
}

const memoryVersion = 1;
const nonfiniteKey = "$number";

/** As text; JSON has no words for NaN and infinities. */
export function memoryText(memory: SessionMemory): string {
  return JSON.stringify({ version: memoryVersion, ...memory }, (_, value: unknown) =>
    typeof value === "number" && !Number.isFinite(value) ? { [nonfiniteKey]: String(value) } : value,
  );
}

/** Null for anything that this version did not write. */
export function parseMemory(text: unknown): SessionMemory | null {
  if (typeof text !== "string") return null;
  try {
    const memory = JSON.parse(text, (_, value: unknown) =>
      typeof value === "object" && value !== null && nonfiniteKey in value ? Number(value[nonfiniteKey]) : value,
    ) as SessionMemory & { version?: unknown };
    return memory.version === memoryVersion ? memory : null;
  } catch {
    return null;
  }
}
