const none: readonly string[] = [];

/** Sentences for the reader of the run, each handed on once. */
export class OnceNotes {
  private readonly told = new Set<string>();
  private readonly fresh: string[] = [];

  /** `key`: what the sentence is about; the first one counts. */
  add(key: string, text: string): void {
    if (this.told.has(key)) return;
    this.told.add(key);
    this.fresh.push(text);
  }

  /** Asked in every step, and nearly always empty. */
  take(): readonly string[] {
    return this.fresh.length === 0 ? none : this.fresh.splice(0);
  }
}
