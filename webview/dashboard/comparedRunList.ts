import type { ComparedRun } from "../../src/protocol/views.js";
import { swatch } from "../charts/legend.js";
import { runStyles, styles } from "../charts/traceStyle.js";
import { formatNumber, formatStep } from "../shared/format.js";
import { button, h } from "../shared/h.js";
import { stateName } from "../shared/runState.js";
import { t } from "../shared/translate.js";

/** The compared runs with their line, state and loss; each can be taken out, and all left with one press. */
export class ComparedRunList {
  readonly element = h("ul", { class: "compared-runs", "aria-label": t("comparedRuns") });
  private shown = "";

  constructor(private readonly compare: (folders: readonly string[]) => void) {}

  show(runs: readonly ComparedRun[]): void {
    const shown = JSON.stringify(
      runs.map(({ folder, name, status, steps, loss }) => [folder, name, status, steps, loss]),
    );
    if (shown === this.shown) return;
    this.shown = shown;
    const focused = document.activeElement?.getAttribute("data-run") ?? null;
    const leave = button(t("leaveComparison"), () => this.compare([]), { class: "button primary leave-comparison" });
    this.element.replaceChildren(...runs.map((run, at) => this.row(runs, run, at)), h("li", {}, leave));
    if (focused !== null) this.element.querySelector<HTMLElement>(`[data-run="${CSS.escape(focused)}"]`)?.focus();
  }

  private row(runs: readonly ComparedRun[], run: ComparedRun, at: number): HTMLElement {
    const { folder, name, status, steps, loss } = run;
    const others = runs.filter((other) => other !== run).map((other) => other.folder);
    const remove = button(t("removeFromComparison", name), () => this.compare(others), {
      icon: "close",
      class: "tool",
    });
    remove.setAttribute("data-run", folder);
    const numbers = [stateName(status), `${t("step")} ${formatStep(steps)}`, `${t("loss")} ${formatNumber(loss)}`];
    return h(
      "li",
      { class: "compared-run", "data-folder": folder },
      swatch(runStyles[at] ?? styles.batch, "line"),
      h("bdi", { class: "compared-name", title: folder }, name),
      h("span", { class: "hint" }, numbers.join(" · ")),
      h("span", { class: "tools always" }, remove),
    );
  }
}
