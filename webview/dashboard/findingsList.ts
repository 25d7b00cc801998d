import type { ViewFinding } from "../../src/protocol/views.js";
import type { SourcePosition } from "../../src/run/format.js";
import { formatStep } from "../shared/format.js";
import { button, h, setAttributes, setText } from "../shared/h.js";
import { type Severity, severityIcon, severityName } from "../shared/layerNames.js";
import type { RunModel } from "../shared/runModel.js";
import { isLiveState } from "../shared/runState.js";
import { t } from "../shared/translate.js";

const severities = { info: 1, warning: 2, error: 3 } as const satisfies Record<ViewFinding["level"], Severity>;

/** What the rules have found, worst first, with layer, step and source line. */
export class FindingsList {
  readonly element = h("ul", { class: "findings" });
  private shown: readonly ViewFinding[] | null = null;
  private hint = "";

  constructor(
    private readonly model: RunModel,
    private readonly count: HTMLElement,
    private readonly onLayer: (layer: number, step: number) => void,
    private readonly onSource: (source: SourcePosition) => void,
  ) {}

  show(): void {
    const { findings, header } = this.model;
    const live = header !== null && isLiveState(header.state);
    const nothing = live || this.model.newestStep === 0 ? t("noFindings") : t("noFindingsEnded");
    const hint = header?.isReading === true ? t("findingsReading") : nothing;
    if (findings === this.shown && hint === this.hint) return;
    this.shown = findings;
    this.hint = hint;
    const of = (level: ViewFinding["level"]) => findings.filter((finding) => finding.level === level).length;
    setText(this.count, findings.length === 0 ? "" : t("findingCount", of("error"), of("warning"), of("info")));
    if (findings.length === 0) {
      this.element.replaceChildren(h("li", { class: "hint" }, hint));
      return;
    }
    const worstFirst = [...findings].sort((a, b) => severities[b.level] - severities[a.level] || a.step - b.step);
    this.element.replaceChildren(...worstFirst.map((finding) => this.row(finding)));
  }

  private row(finding: ViewFinding): HTMLElement {
    const severity = severities[finding.level];
    const layer = this.model.layer(finding.layer);
    const places = h("span", { class: "places" });
    if (layer !== undefined) {
      const open = button(layer.name, () => this.onLayer(layer.index, finding.step), { class: "link" });
      open.title = t("showLayer", layer.path);
      places.append(open);
    }
    if (finding.channel !== null) places.append(h("span", {}, t("channelNumber", finding.channel)));
    places.append(h("span", {}, t("atStep", formatStep(finding.step))));
    const { source } = finding;
    if (source !== null) {
      const file = source.file.split(/[\\/]/).at(-1) ?? source.file;
      const open = button(`${file}:${source.line}`, () => this.onSource(source), { class: "link" });
      open.title = t("openSource", source.file, source.line);
      places.append(open);
    }
    const row = h(
      "li",
      { class: "finding", "data-finding": finding.id },
      severityIcon(severity),
      h("span", { class: "visually-hidden" }, severityName(severity)),
      h(
        "div",
        { class: "finding-text" },
        h("span", { class: "finding-message" }, finding.message),
        h("span", { class: "finding-action" }, finding.action),
        places,
      ),
    );
    setAttributes(row, {
      "data-vscode-context": JSON.stringify({
        webviewSection: "finding",
        layer: finding.layer,
        preventDefaultContextMenuItems: true,
      }),
    });
    return row;
  }
}
