/** What a layer's activations are compared with: the first captured step of the run or of the epoch, or a slow average. */
export type DriftReference = "runStart" | "epochStart" | "slowAverage";

export interface DriftSettings {
  /** k of |μ_t − μ_{t−k}|, steps. */
  readonly distanceSteps: number;
  readonly reference: DriftReference;
  /** Weight that the slow average keeps per step. */
  readonly averageMomentum: number;
}

export const defaultDriftSettings: DriftSettings = {
  distanceSteps: 1,
  reference: "slowAverage",
  averageMomentum: 0.99,
};

/** Absent where step t−k was not captured, or nothing to compare with has been seen. NaN where a mean or variance is. */
export interface Drift {
  /** |μ_t − μ_{t−k}|, the activations' unit (Santurkar et al. 2018, Fig. 8). */
  readonly meanDrift?: number;
  /** |σ²_t − σ²_{t−k}|, unit squared. */
  readonly varianceDrift?: number;
  /** |μ_t − μ_ref|/σ_ref, standard deviations of the reference; Infinity where the reference is constant and μ is not. */
  readonly referenceDrift?: number;
}

interface Moments {
  readonly step: number;
  readonly mean: number;
  readonly variance: number;
}

/** Drift of one layer's mean and variance. Steps come in ascending order, with gaps where nothing was captured. */
export class DriftTracker {
  private readonly recent: Moments[] = [];
  private reference: Moments | null = null;
  /** Weight of all steps in the slow average, so that it is a plain average at first and not tied to its first step. */
  private weight = 0;

  constructor(private readonly settings: DriftSettings = defaultDriftSettings) {}

  /** The next step becomes the reference `epochStart`. */
  startEpoch(): void {
    if (this.settings.reference === "epochStart") this.reference = null;
  }

  push(step: number, mean: number, variance: number): Drift {
    const moments = { step, mean, variance };
    const wanted = step - this.settings.distanceSteps;
    while (this.recent.length > 0 && (this.recent[0] as Moments).step < wanted) this.recent.shift();
    const earlier = this.recent[0]?.step === wanted ? this.recent[0] : null;
    this.recent.push(moments);
    const { reference } = this;
    this.moveReference(moments);
    return {
      ...(earlier === null
        ? {}
        : { meanDrift: Math.abs(mean - earlier.mean), varianceDrift: Math.abs(variance - earlier.variance) }),
      ...(reference === null ? {} : { referenceDrift: normalised(mean, reference) }),
    };
  }

  /** NaN never enters the reference: it would stay. */
  private moveReference(now: Moments): void {
    if (!Number.isFinite(now.mean) || !Number.isFinite(now.variance)) return;
    if (this.reference === null) {
      this.reference = now;
      this.weight = 1;
      return;
    }
    if (this.settings.reference !== "slowAverage") return;
    const kept = this.settings.averageMomentum ** (now.step - this.reference.step);
    this.weight = 1 + this.weight * kept;
    const share = 1 / this.weight;
    this.reference = {
      step: now.step,
      mean: this.reference.mean + share * (now.mean - this.reference.mean),
      variance: this.reference.variance + share * (now.variance - this.reference.variance),
    };
  }
}

function normalised(mean: number, reference: Moments): number {
  const distance = Math.abs(mean - reference.mean);
  return distance === 0 ? 0 : distance / Math.sqrt(reference.variance);
}
