const newestValues = 5;

/** The last values of a series, at most `capacity`. */
export class RecentValues {
  private readonly values: number[] = [];

  constructor(private readonly capacity: number) {}

  get length(): number {
    return this.values.length;
  }

  get isFull(): boolean {
    return this.values.length === this.capacity;
  }

  /** NaN when empty. */
  get mean(): number {
    return this.values.reduce((sum, value) => sum + value, 0) / this.values.length;
  }

  /** NaN when empty. */
  get smallest(): number {
    return this.values.length === 0 ? Number.NaN : Math.min(...this.values);
  }

  /** NaN when empty. */
  get median(): number {
    if (this.values.length === 0) return Number.NaN;
    const sorted = this.values.toSorted((a, b) => a - b);
    const middle = (sorted.length - 1) / 2;
    return ((sorted[Math.floor(middle)] as number) + (sorted[Math.ceil(middle)] as number)) / 2;
  }

  /**
   * What the values reach as a whole, and the newest of them by themselves: where few steps are captured, the window
   * reaches back to the first ones, which are high in any run.
   */
  atLeast(measure: "mean" | "median"): number {
    return Math.min(this[measure], this.newest[measure]);
  }

  /** As `atLeast`, for what is low. */
  atMost(measure: "mean" | "median"): number {
    return Math.max(this[measure], this.newest[measure]);
  }

  private get newest(): RecentValues {
    const newest = new RecentValues(newestValues);
    for (const value of this.values.slice(-newestValues)) newest.push(value);
    return newest;
  }

  /** Undefined, NaN and Inf are left out: other rules tell of them. */
  push(value: number | undefined): void {
    if (value === undefined || !Number.isFinite(value)) return;
    if (this.isFull) this.values.shift();
    this.values.push(value);
  }
}
