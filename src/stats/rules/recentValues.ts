const newestValues = 5;

/** The last values of a series, at most `capacity`; kept in order too, for rules ask for a median at every row. */
export class RecentValues {
  private readonly values: number[] = [];
  private readonly ascending: number[] = [];

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
    return this.ascending[0] ?? Number.NaN;
  }

  /** NaN when empty. */
  get median(): number {
    const { ascending } = this;
    const middle = (ascending.length - 1) / 2;
    if (middle < 0) return Number.NaN;
    return ((ascending[Math.floor(middle)] as number) + (ascending[Math.ceil(middle)] as number)) / 2;
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
    const { values, ascending } = this;
    if (this.isFull) remove(ascending, values.shift() as number);
    values.push(value);
    ascending.push(value);
    let at = ascending.length - 1;
    for (; at > 0 && (ascending[at - 1] as number) > value; at--) ascending[at] = ascending[at - 1] as number;
    ascending[at] = value;
  }
}

/** As `splice` does, which makes an array of what it removes at every row. */
function remove(values: number[], value: number): void {
  for (let at = values.indexOf(value); at < values.length - 1; at++) values[at] = values[at + 1] as number;
  values.pop();
}
