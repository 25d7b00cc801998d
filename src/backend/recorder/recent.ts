/** The latest of many numbers. */
export class Recent {
  private readonly values: number[] = [];
  private next = 0;

  constructor(private readonly most: number) {}

  add(value: number): void {
    this.values[this.next] = value;
    this.next = (this.next + 1) % this.most;
  }

  get count(): number {
    return this.values.length;
  }

  /** NaN when empty. */
  get median(): number {
    const sorted = [...this.values].sort((a, b) => a - b);
    return sorted[sorted.length >> 1] ?? Number.NaN;
  }
}
