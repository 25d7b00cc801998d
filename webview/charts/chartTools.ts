import { button, h } from "../shared/h.js";
import { t } from "../shared/translate.js";

export interface ChartActions {
  toggleTable(): void;
  copyImage(): Promise<void>;
  saveImage(): void;
  saveNumbers(): void;
}

/** The buttons of a chart. */
export class ChartTools {
  readonly element = h("span", { class: "tools" });
  private readonly table: HTMLButtonElement;

  constructor(actions: ChartActions) {
    this.table = button(t("showTable"), () => actions.toggleTable(), { icon: "table", class: "tool tool-table" });
    this.element.append(
      this.table,
      button(t("copyImage"), () => void actions.copyImage(), { icon: "copy", class: "tool" }),
      button(t("saveImage"), () => actions.saveImage(), { icon: "image", class: "tool" }),
      button(t("saveNumbers"), () => actions.saveNumbers(), { icon: "numbers", class: "tool" }),
    );
    this.showTable(false);
  }

  showTable(isTable: boolean): void {
    this.table.setAttribute("aria-pressed", String(isTable));
  }

  setTabStop(isStop: boolean): void {
    for (const tool of this.element.querySelectorAll("button")) tool.tabIndex = isStop ? 0 : -1;
  }
}
