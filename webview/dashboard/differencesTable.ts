import type { ComparedRun, RunDifference } from "../../src/protocol/views.js";
import { h } from "../shared/h.js";
import { t } from "../shared/translate.js";

/** Arguments, configuration and circumstances in which the runs differ; what they share is left out. */
export function differencesTable(runs: readonly ComparedRun[], differences: readonly RunDifference[]): HTMLElement {
  if (differences.length === 0) return h("p", { class: "hint" }, t("noDifferences"));
  const heads = [t("layer"), t("what"), ...runs.map(({ name }) => name)];
  const rows = differences.map(({ layer, name, values }) =>
    h(
      "tr",
      { "data-difference": layer === null ? name : `${layer} ${name}` },
      h("td", {}, h("bdi", {}, layer ?? "")),
      h("th", { scope: "row" }, h("bdi", {}, name)),
      ...values.map((value) => h("td", { title: value }, h("bdi", {}, value ?? "–"))),
    ),
  );
  return h(
    "table",
    { class: "numbers words" },
    h("caption", { class: "visually-hidden" }, t("differences")),
    h("thead", {}, h("tr", {}, ...heads.map((head) => h("th", { scope: "col", title: head }, h("bdi", {}, head))))),
    h("tbody", {}, ...rows),
  );
}
