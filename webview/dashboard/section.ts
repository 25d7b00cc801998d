import { button, h, icon, on, setAttributes } from "../shared/h.js";
import { t } from "../shared/translate.js";
import type { StateStore } from "./viewState.js";

/** A part of the dashboard that can be folded and moved. Folded content is hidden, so its charts ask for nothing. */
export class Section {
  readonly element: HTMLElement;
  readonly aside = h("span", { class: "section-aside" });
  private readonly titleButton: HTMLButtonElement;

  constructor(
    readonly id: string,
    title: string,
    private readonly content: HTMLElement,
    private readonly state: StateStore,
    onMove: (section: Section, by: 1 | -1) => void,
  ) {
    this.titleButton = h("button", { type: "button", class: "section-toggle" }, icon("chevron"), title);
    on(this.titleButton, "click", () => this.toggle());
    const tools = h(
      "span",
      { class: "tools" },
      button(t("moveUp", title), () => onMove(this, -1), { icon: "up", class: "tool" }),
      button(t("moveDown", title), () => onMove(this, 1), { icon: "down", class: "tool" }),
    );
    this.content.id = `section-${id}`;
    this.content.classList.add("section-content");
    const head = h("div", { class: "section-head" }, h("h2", {}, this.titleButton), this.aside, tools);
    head.dataset.vscodeContext = JSON.stringify({ webviewSection: "section", preventDefaultContextMenuItems: true });
    // The menu's commands act on the section with the focus.
    on(head, "contextmenu", () => this.titleButton.focus());
    this.element = h(
      "section",
      { class: `section section-${id}`, "data-section": id, "aria-label": title },
      head,
      this.content,
    );
    this.setFolded(state.current.folded.includes(id));
  }

  toggle(): void {
    this.setFolded(!this.content.hidden);
  }

  setFolded(folded: boolean): void {
    this.content.hidden = folded;
    setAttributes(this.titleButton, { "aria-expanded": String(!folded), "aria-controls": this.content.id });
    const others = this.state.current.folded.filter((id) => id !== this.id);
    if (folded !== this.state.current.folded.includes(this.id))
      this.state.set({ folded: folded ? [...others, this.id] : others });
  }
}
