export type InstallStep = "check" | "packages" | "official" | "download" | "extract" | "compile" | "verify" | "switch";

export interface InstallProgress {
  readonly step: InstallStep;
  /** For people, without the bytes. */
  readonly label: string;
  /** Done in this step; null where bytes are not its measure. */
  readonly bytes: number | null;
  readonly totalBytes: number | null;
  /** Of the whole installation, 0..1, never falling. */
  readonly fraction: number;
}

/** About how many seconds each step takes on a common machine. */
const stepWeights: Readonly<Record<InstallStep, number>> = {
  check: 1,
  packages: 12,
  official: 1,
  download: 40,
  extract: 8,
  compile: 10,
  verify: 3,
  switch: 1,
};
const stepNames = Object.keys(stepWeights) as readonly InstallStep[];
const totalWeight = Object.values(stepWeights).reduce((sum, weight) => sum + weight, 0);
const emitIntervalMs = 100;

/** Turns steps and bytes into reports, at most ten a second within a step. */
export class ProgressReporter {
  private step: InstallStep = "check";
  private label = "";
  private fraction = 0;
  private emittedAt = 0;

  constructor(
    private readonly emit: (progress: InstallProgress) => void,
    private readonly now: () => number = Date.now,
  ) {}

  begin(step: InstallStep, label: string): void {
    this.step = step;
    this.label = label;
    this.send(0, null, null);
  }

  bytes(done: number, total: number): void {
    if (done < total && this.now() - this.emittedAt < emitIntervalMs) return;
    this.send(total > 0 ? Math.min(1, done / total) : 0, done, total);
  }

  private send(withinStep: number, bytes: number | null, totalBytes: number | null): void {
    const before = stepNames.slice(0, stepNames.indexOf(this.step)).reduce((sum, name) => sum + stepWeights[name], 0);
    this.fraction = Math.max(this.fraction, (before + withinStep * stepWeights[this.step]) / totalWeight);
    this.emittedAt = this.now();
    this.emit({ step: this.step, label: this.label, bytes, totalBytes, fraction: this.fraction });
  }
}
