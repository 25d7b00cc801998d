/** Passes beyond those of the training (definitions §4). */
export type ProbeName = "gap" | "precise" | "shift" | "landscape";

export interface ProbeOptions {
  readonly names: readonly ProbeName[];
  /** At every so many updates. */
  readonly everySteps: number;
}
