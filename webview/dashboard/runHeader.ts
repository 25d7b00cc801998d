import type { RunHeader, RunListEntry } from "../../src/protocol/views.js";
import { Chooser } from "../shared/controls.js";
import { formatDuration, formatNumber, formatPercent, formatStep } from "../shared/format.js";
import { button, h, icon, setAttributes, setText } from "../shared/h.js";
import { isLiveState, stateName } from "../shared/runState.js";
import { t } from "../shared/translate.js";

type FactName = "step" | "epoch" | "loss" | "speed" | "engine" | "overhead" | "elapsed" | "remaining";
const factNames = ["step", "epoch", "loss", "speed", "engine", "overhead", "elapsed", "remaining"] as const;

/** Which run, how it is doing, and how to stop it. */
export class RunHeaderView {
  readonly element: HTMLElement;
  private readonly state = h("span", { class: "state" });
  private readonly name = h("h1", { class: "run-name" });
  private readonly sentence = h("p", { class: "sentence" }, t("loading"));
  private readonly action = h("span", { class: "actions" });
  private readonly stopButton: HTMLButtonElement;
  private readonly bar = h("div", { class: "progress-bar" });
  private readonly progress = h(
    "div",
    { class: "progress", role: "progressbar", "aria-label": t("progress"), hidden: true },
    this.bar,
  );
  private readonly facts = new Map<FactName, { readonly item: HTMLElement; readonly value: HTMLElement }>();
  private readonly runs: Chooser<string>;
  private readonly tags = h("span", { class: "run-tags" });
  private readonly compareButton: HTMLButtonElement;
  private actionShown = "";
  private runId = "";

  constructor(
    private readonly run: (command: string) => void,
    openRun: (folder: string) => void,
  ) {
    this.runs = new Chooser(t("chooseRun"), openRun);
    this.runs.element.hidden = true;
    this.compareButton = button(t("compareRuns"), () => this.run("layerscope.compareRuns"), { class: "button" });
    this.compareButton.hidden = true;
    this.stopButton = button(t("stop"), () => this.run("layerscope.stop"), { class: "button stop" });
    this.stopButton.title = t("stopTraining");
    this.stopButton.hidden = true;
    const list = h("dl", { class: "facts" });
    for (const name of factNames) {
      const value = h("dd", {});
      const item = h("div", { class: `fact fact-${name}`, hidden: true }, h("dt", {}, t(name)), value);
      this.facts.set(name, { item, value });
      list.append(item);
    }
    const title = h(
      "div",
      { class: "run-title" },
      this.state,
      this.name,
      this.tags,
      this.sentence,
      this.action,
      this.runs.element,
      this.compareButton,
      this.stopButton,
    );
    this.element = h("header", { class: "run-header" }, title, list, this.progress);
  }

  show(header: RunHeader): void {
    const { run, state } = header;
    this.runId = run?.id ?? "";
    const live = isLiveState(state);
    this.element.dataset.state = state;
    this.state.className = `state state-${state}`;
    setText(this.state, stateName(state));
    setText(this.name, run === null ? "" : (header.label.name ?? baseName(run.script.path)));
    this.showTags(header);
    this.name.title = run === null ? "" : `${run.script.path}\n${run.id}`;
    setText(this.sentence, header.sentence);
    this.sentence.title = header.sentence;
    this.stopButton.hidden = !live || run === null;
    this.showAction(header);
    const epoch = run?.epoch ?? null;
    this.fact("step", run === null ? null : formatStep(run.steps));
    this.fact(
      "epoch",
      epoch && (epoch.total === null ? String(epoch.current) : t("epochOf", epoch.current, epoch.total)),
    );
    this.fact("loss", header.loss === null ? null : formatNumber(header.loss));
    this.facts.get("loss")?.item.classList.toggle("nonfinite", header.loss !== null && !Number.isFinite(header.loss));
    const speed = header.stepsPerSecond;
    this.fact(
      "speed",
      speed === null || !live ? null : t("stepsPerSecond", formatNumber(Number(speed.toPrecision(3)))),
    );
    this.fact("engine", run?.engine?.name ?? null, run?.engine?.reason);
    const overhead = run?.overhead.percent ?? null;
    this.fact("overhead", overhead === null ? null : formatPercent(overhead / 100));
    this.fact("elapsed", header.elapsedMs === null ? null : formatDuration(header.elapsedMs));
    this.fact(
      "remaining",
      header.remainingMs === null || !live ? null : t("about", formatDuration(header.remainingMs)),
    );
    this.showProgress(header);
  }

  /** The runs of the workspace, newest first, those that one started below it, to change over to another. */
  showRuns(runs: readonly RunListEntry[]): void {
    const current = runs.find(({ id }) => id === this.runId);
    this.runs.element.hidden = runs.length < 2 || current === undefined;
    this.compareButton.hidden = this.runs.element.hidden;
    if (current === undefined) return;
    const context = { webviewSection: "run", folder: current.folder, preventDefaultContextMenuItems: true };
    this.element.setAttribute("data-vscode-context", JSON.stringify(context));
    const choices = runs.map(({ folder, script, startedAt, status, steps, label, depth }) => ({
      value: folder,
      label:
        branch(depth) + t("runChoice", label.name ?? baseName(script), localTime(startedAt), stateName(status), steps),
    }));
    this.runs.set(choices, current.folder);
  }

  private showTags({ label: { tags, isKept } }: RunHeader): void {
    const shown = JSON.stringify([tags, isKept]);
    if (this.tags.dataset.shown === shown) return;
    this.tags.dataset.shown = shown;
    const kept = isKept ? [h("span", { class: "tag kept", title: t("keptRun") }, icon("pin"), t("kept"))] : [];
    this.tags.replaceChildren(...kept, ...tags.map((tag) => h("bdi", { class: "tag" }, tag)));
  }

  private fact(name: FactName, text: string | null, title = ""): void {
    const fact = this.facts.get(name);
    if (fact === undefined) return;
    fact.item.hidden = text === null;
    if (fact.item.title !== title) fact.item.title = title;
    setText(fact.value, text ?? "");
  }

  /** Known only where `fit` tells the number of epochs. */
  private showProgress({ run, state }: RunHeader): void {
    const epoch = run?.epoch;
    this.progress.hidden = epoch?.total == null || !isLiveState(state);
    if (run === null || epoch?.total == null) return;
    const { current, total, stepsPerEpoch } = epoch;
    // Until the first epoch has ended its length may be unknown: then whole epochs count.
    const done = stepsPerEpoch ? run.steps / (total * stepsPerEpoch) : (current - 1) / total;
    const percent = Math.min(100, Math.round(1000 * done) / 10);
    this.bar.style.width = `${percent}%`;
    setAttributes(this.progress, { "aria-valuemin": 0, "aria-valuemax": 100, "aria-valuenow": Math.round(percent) });
  }

  private showAction({ action }: RunHeader): void {
    const shown = JSON.stringify(action);
    if (shown === this.actionShown) return;
    this.actionShown = shown;
    this.action.replaceChildren();
    if (action === null || action.command === "layerscope.stop") return;
    const { label, command } = action;
    this.action.append(button(label, () => this.run(command), { class: "button primary" }));
  }
}

function baseName(path: string): string {
  return path.split(/[\\/]/).at(-1) ?? path;
}

/** `2026-11-21 10:40` where the user is. */
function localTime(iso: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return iso;
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** In front of a run that another one started. */
function branch(depth: number): string {
  return depth === 0 ? "" : `${"\u2003".repeat(2 * depth - 1)}└ `;
}
