/**
 * Runs our own code inside the script's. If it throws, the script never notices: everything of ours is switched off,
 * the failure is told once, and the run is marked.
 */
export class Guard {
  private broken = false;

  constructor(private readonly onFailure: (error: unknown) => void) {}

  /** False once something of ours has failed. */
  get isWorking(): boolean {
    return !this.broken;
  }

  run<Result>(action: () => Result): Result | undefined {
    if (this.broken) return undefined;
    try {
      return action();
    } catch (error) {
      this.fail(error);
      return undefined;
    }
  }

  fail(error: unknown): void {
    if (this.broken) return;
    this.broken = true;
    this.onFailure(error);
  }
}
