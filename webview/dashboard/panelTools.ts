import type { ChartDesk } from "../charts/chartDesk.js";
import { chartImage, copyImage } from "../charts/chartImage.js";
import type { CanvasPanel } from "../shared/canvasPanel.js";
import { button, h, setAttributes } from "../shared/h.js";
import { t } from "../shared/translate.js";

export interface PanelContents {
  /** Of the image, the table's region and, without its signs, of the file. */
  title(): string;
  /** Null while there is nothing to show. */
  table(): HTMLTableElement | null;
  csv(): string | null;
}

/** Table alternative, image and numbers of a painted panel. */
export class PanelTools {
  readonly element = h("span", { class: "tools always" });
  readonly tableHolder = h("div", { class: "table-holder", hidden: true, tabindex: "0", role: "region" });
  private readonly toggle: HTMLButtonElement;

  /** @param place what the table stands in for */
  constructor(
    private readonly desk: ChartDesk,
    private readonly panel: CanvasPanel,
    private readonly place: HTMLElement,
    private readonly contents: PanelContents,
  ) {
    this.toggle = button(t("showTable"), () => this.toggleTable(), { icon: "table", class: "tool tool-table" });
    this.toggle.setAttribute("aria-pressed", "false");
    const copy = button(t("copyImage"), () => void this.copy(), { icon: "copy", class: "tool" });
    const image = button(t("saveImage"), () => this.saveImage(), { icon: "image", class: "tool" });
    const numbers = button(t("saveNumbers"), () => this.saveNumbers(), { icon: "numbers", class: "tool" });
    this.element.append(this.toggle, copy, image, numbers);
  }

  /** The numbers have changed. */
  refresh(): void {
    if (this.tableHolder.hidden) return;
    const table = this.contents.table();
    setAttributes(this.tableHolder, { "aria-label": this.contents.title() });
    this.tableHolder.replaceChildren(...(table === null ? [] : [table]));
  }

  private toggleTable(): void {
    const shown = this.tableHolder.hidden;
    this.tableHolder.hidden = !shown;
    this.place.hidden = shown;
    this.toggle.setAttribute("aria-pressed", String(shown));
    this.refresh();
  }

  private image(): string {
    const text = { title: this.contents.title(), subtitle: this.desk.runName, legend: [] };
    return chartImage(this.panel.canvas, text, this.desk.theme);
  }

  private async copy(): Promise<void> {
    if (await copyImage(this.image())) this.desk.announcer.say(t("copied"));
    else this.saveImage();
  }

  private saveImage(): void {
    this.desk.save(this.fileName, { kind: "png", dataUrl: this.image() });
  }

  private saveNumbers(): void {
    const text = this.contents.csv();
    if (text !== null) this.desk.save(this.fileName, { kind: "csv", text });
  }

  private get fileName(): string {
    return `${this.desk.runName}-${this.contents.title()}`.replace(/[^\w.-]+/g, "_").slice(0, 120);
  }
}
