import { h } from "../shared/h.js";
import { Section } from "./section.js";
import type { StateStore } from "./viewState.js";

/** The sections in the order that the user has chosen. */
export class SectionStack {
  readonly element = h("div", { class: "sections" });
  private readonly sections = new Map<string, Section>();

  constructor(private readonly state: StateStore) {}

  add(id: string, title: string, content: HTMLElement): Section {
    const section = new Section(id, title, content, this.state, (moved, by) => this.move(moved, by));
    this.sections.set(id, section);
    return section;
  }

  /** Remembered order first; sections that it does not know follow as they were added. */
  arrange(): void {
    this.element.classList.toggle("default-order", this.state.current.order.length === 0);
    const order = [...new Set([...this.state.current.order, ...this.sections.keys()])];
    for (const id of order) {
      const section = this.sections.get(id);
      if (section !== undefined) this.element.append(section.element);
    }
  }

  reveal(id: string): void {
    const section = this.sections.get(id);
    section?.setFolded(false);
    const still = document.body.classList.contains("vscode-reduce-motion");
    section?.element.scrollIntoView({ block: "start", behavior: still ? "auto" : "smooth" });
  }

  /** The section that holds the focus. */
  get current(): Section | undefined {
    const element = document.activeElement?.closest<HTMLElement>("[data-section]");
    return this.sections.get(element?.dataset.section ?? "");
  }

  moveCurrent(by: 1 | -1): void {
    const { current } = this;
    if (current !== undefined) this.move(current, by);
  }

  private move(section: Section, by: 1 | -1): void {
    const order = [...this.element.children].map((child) => (child as HTMLElement).dataset.section ?? "");
    const from = order.indexOf(section.id);
    let to = from + by;
    while (to > 0 && to < order.length && (this.element.children[to] as HTMLElement).offsetParent === null) to += by;
    if (to < 0 || to >= order.length) return;
    order.splice(from, 1);
    order.splice(to, 0, section.id);
    this.state.set({ order });
    const focused = document.activeElement;
    this.arrange();
    if (focused instanceof HTMLElement) focused.focus();
  }
}
