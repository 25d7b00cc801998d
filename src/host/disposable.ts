/** Whatever has to be given back: VS Code's own disposables have this shape. */
export interface Release {
  dispose(): unknown;
}

/** Owns what it registers and gives it back in reverse order. */
export abstract class Disposable implements Release {
  private readonly owned: Release[] = [];
  private released = false;

  protected get isDisposed(): boolean {
    return this.released;
  }

  dispose(): void {
    if (this.released) return;
    this.released = true;
    for (const item of this.owned.splice(0).reverse()) item.dispose();
  }

  protected _register<T extends Release>(item: T): T {
    if (this.released) item.dispose();
    else this.owned.push(item);
    return item;
  }
}

/** A list of disposables that can be emptied and filled again. */
export class DisposableStore extends Disposable {
  add<T extends Release>(item: T): T {
    return this._register(item);
  }
}
