import { h, on } from "./h.js";

export interface Choice<Value extends string> {
  readonly value: Value;
  readonly label: string;
}

/** A labelled drop-down. */
export class Chooser<Value extends string> {
  readonly element: HTMLElement;
  private readonly select: HTMLSelectElement;
  private shown = "";

  constructor(label: string, onChange: (value: Value) => void) {
    this.select = h("select", { "aria-label": label, title: label });
    this.element = h("span", { class: "chooser" }, this.select);
    on(this.select, "change", () => onChange(this.select.value as Value));
  }

  set(choices: readonly Choice<Value>[], value: Value): void {
    const shown = JSON.stringify(choices);
    if (shown !== this.shown) {
      this.shown = shown;
      this.select.replaceChildren(...choices.map((choice) => h("option", { value: choice.value }, choice.label)));
    }
    this.select.value = value;
  }
}

/** A labelled box; not ticked until it is set. */
export class Checkbox {
  readonly element: HTMLLabelElement;
  private readonly input = h("input", { type: "checkbox" });

  constructor(label: string, onChange: (checked: boolean) => void) {
    this.element = h("label", { class: "checkbox" }, this.input, label);
    on(this.input, "change", () => onChange(this.input.checked));
  }

  set(checked: boolean): void {
    this.input.checked = checked;
  }
}
