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

  /** Undefined, NaN and Inf are left out: other rules tell of them. */
  push(value: number | undefined): void {
    if (value === undefined || !Number.isFinite(value)) return;
    if (this.isFull) this.values.shift();
    this.values.push(value);
  }
}
