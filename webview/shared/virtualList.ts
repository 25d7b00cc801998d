import { h, on, setAttributes } from "./h.js";

export interface ListOptions<T> {
  readonly label: string;
  readonly rowHeightPx: number;
  /** Makes a row; called again for another item when rows are reused. */
  readonly render: (row: HTMLElement, item: T) => void;
  readonly onSelect: (item: T) => void;
}

const spareRows = 4;
let lists = 0;

/** A listbox that holds only the rows on screen; arrow keys, Home, End, PageUp and PageDown move the selection. */
export class VirtualList<T> {
  readonly element: HTMLElement;
  private readonly spacer = h("div", { class: "list-spacer", role: "presentation" });
  private readonly rows: HTMLElement[] = [];
  private readonly id = `list${lists++}`;
  private items: readonly T[] = [];
  private selected = -1;

  constructor(private readonly options: ListOptions<T>) {
    this.element = h(
      "div",
      { class: "list", role: "listbox", tabindex: "0", "aria-label": options.label },
      this.spacer,
    );
    on(this.element, "scroll", () => this.refresh());
    on(this.element, "keydown", (event) => this.onKey(event as KeyboardEvent));
    on(this.element, "click", (event) => {
      const row = (event.target as Element).closest<HTMLElement>("[data-place]");
      if (row !== null) this.choose(Number(row.dataset.place));
    });
    new ResizeObserver(() => this.refresh()).observe(this.element);
  }

  set(items: readonly T[], selected: number): void {
    this.items = items;
    this.selected = selected;
    this.spacer.style.height = `${items.length * this.options.rowHeightPx}px`;
    this.refresh();
  }

  select(index: number): void {
    this.selected = index;
    this.reveal(index);
    this.refresh();
  }

  /** Draws the rows on screen again. */
  refresh(): void {
    const { rowHeightPx } = this.options;
    const first = Math.max(0, Math.floor(this.element.scrollTop / rowHeightPx) - spareRows);
    const shown = Math.ceil((this.element.clientHeight || 200) / rowHeightPx) + 2 * spareRows;
    const count = Math.max(0, Math.min(shown, this.items.length - first));
    while (this.rows.length < count) this.rows.push(this.makeRow());
    this.rows.forEach((row, i) => {
      row.hidden = i >= count;
      if (i < count) this.place(row, first + i);
    });
    const active = this.selected >= first && this.selected < first + count;
    setAttributes(this.element, { "aria-activedescendant": active ? `${this.id}-${this.selected}` : null });
  }

  private place(row: HTMLElement, place: number): void {
    const item = this.items[place];
    if (item === undefined) return;
    row.style.transform = `translateY(${place * this.options.rowHeightPx}px)`;
    setAttributes(row, {
      id: `${this.id}-${place}`,
      "data-place": place,
      "aria-selected": String(place === this.selected),
      "aria-setsize": this.items.length,
      "aria-posinset": place + 1,
    });
    this.options.render(row, item);
  }

  private makeRow(): HTMLElement {
    const row = h("div", { class: "list-row", role: "option" });
    this.spacer.append(row);
    return row;
  }

  private onKey(event: KeyboardEvent): void {
    const page = Math.max(1, Math.floor(this.element.clientHeight / this.options.rowHeightPx) - 1);
    const moves: Readonly<Record<string, number>> = {
      ArrowDown: this.selected + 1,
      ArrowUp: this.selected - 1,
      PageDown: this.selected + page,
      PageUp: this.selected - page,
      Home: 0,
      End: this.items.length - 1,
    };
    const target = moves[event.key];
    if (target === undefined || this.items.length === 0) return;
    event.preventDefault();
    this.choose(Math.min(this.items.length - 1, Math.max(0, target)));
  }

  private choose(place: number): void {
    const item = this.items[place];
    if (item === undefined) return;
    this.select(place);
    this.options.onSelect(item);
  }

  private reveal(index: number): void {
    if (index < 0) return;
    const { rowHeightPx } = this.options;
    const top = index * rowHeightPx;
    if (top < this.element.scrollTop) this.element.scrollTop = top;
    else if (top + rowHeightPx > this.element.scrollTop + this.element.clientHeight) {
      this.element.scrollTop = top + rowHeightPx - this.element.clientHeight;
    }
  }
}
