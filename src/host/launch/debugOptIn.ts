import type { EngineChoice } from "../../protocol/options.js";

/** The attribute `layerscope` of a launch configuration. */
export interface OptIn {
  readonly breakOnAnomaly: boolean;
  readonly engine: EngineChoice | undefined;
  readonly budget: string | undefined;
}

/** Null where the configuration does not ask for statistics. */
export function parseOptIn(value: unknown): OptIn | null {
  if (value === true) return { breakOnAnomaly: false, engine: undefined, budget: undefined };
  if (typeof value !== "object" || value === null) return null;
  const { breakOnAnomaly, engine, budget } = value as Record<string, unknown>;
  return {
    breakOnAnomaly: breakOnAnomaly === true,
    engine: engine === "auto" || engine === "native" || engine === "embedded" ? engine : undefined,
    budget: typeof budget === "string" ? budget : undefined,
  };
}
