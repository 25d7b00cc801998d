import { existsSync } from "node:fs";
import { join } from "node:path";
import * as vscode from "vscode";
import type { RunHeader } from "../../protocol/views.js";
import type { RunStatus } from "../../run/format.js";
import { noLabel } from "../../run/runLabel.js";
import { runFamily } from "../../run/runTree.js";
import { ContextKeys } from "../contextKeys.js";
import { Disposable, type Release } from "../disposable.js";
import type { Launch } from "../launch/launcher.js";
import type { EndedLaunch, Trainer } from "../launch/trainer.js";
import type { Log } from "../log.js";
import { Lookouts } from "../lookout/lookouts.js";
import { allRunsFolders, ruleSettings, settingsSection } from "../settings.js";
import { FolderWatch } from "./folderWatch.js";
import { type KnownRun, RunCatalogue } from "./runCatalogue.js";
import { RunSession } from "./runSession.js";
import type { SessionChange } from "./sessionView.js";
import {
  noFolderSentence,
  noRunSentence,
  openRunAction,
  type StateSentence,
  startingSentence,
  stateSentence,
} from "./stateSentence.js";

const currentRunKey = "layerscope.currentRun";
const outsideFoldersKey = "layerscope.outsideFolders";
/** A process needs a moment to make its run folder: how often to look, and how long after its end. */
const lookForLaunchMs = 200;
const lastLookMs = 500;
/** Seven runs beside the shown one must fit into the extension host. */
const besideBudgetBytes = 16 * 2 ** 20;
/** A run's folder is there before its run.json. */
const lookAgainMs = [250, 1500] as const;

/** Finds runs and holds the one that the views show. */
export class Sessions extends Disposable {
  private readonly currentChanged = this._register(new vscode.EventEmitter<RunSession | null>());
  private readonly changed = this._register(new vscode.EventEmitter<SessionChange>());
  /** Another run is shown, or none. */
  readonly onDidChangeCurrent = this.currentChanged.event;
  /** Something about the shown run. */
  readonly onDidChange = this.changed.event;
  private readonly runsChanged = this._register(new vscode.EventEmitter<void>());
  /** There are other runs than before, or one is called otherwise. */
  readonly onDidChangeRuns = this.runsChanged.event;

  private readonly lookouts: Lookouts;
  private readonly catalogue = new RunCatalogue();
  private readonly watches = new Map<string, FolderWatch>();
  private session: RunSession | null = null;
  private subscription: Release | undefined;
  private launch: Launch | null = null;
  /** Launch that the user did not wait for but opened a run instead: its run does not take over. */
  private leftLaunch: string | null = null;
  private launchTimer: NodeJS.Timeout | undefined;
  private withoutRun: StateSentence | null = null;
  private selected: number | null = null;
  private readonly keys = new ContextKeys();
  private shownStatus: RunStatus | undefined;
  /** Runs that were there already: only a new one takes over. */
  private readonly seen = new Set<string>();

  constructor(
    trainer: Trainer,
    private readonly memento: vscode.Memento,
    private readonly log: Log,
  ) {
    super();
    const thread = join(__dirname, "lookout.cjs");
    this.lookouts = this._register(new Lookouts(thread, (problem, cause) => log.error(problem, cause)));
    this._register(trainer.onDidLaunch((launch) => this.expect(launch)));
    this._register(trainer.onDidEnd((ended) => this.launchEnded(ended)));
    this._register(vscode.workspace.onDidChangeWorkspaceFolders(() => this.watchFolders()));
    this._register(vscode.workspace.onDidGrantWorkspaceTrust(() => this.currentChanged.fire(this.session)));
    this._register(
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration(`${settingsSection}.runsFolder`)) this.watchFolders();
      }),
    );
    this._register({ dispose: () => this.close() });
    this.watchFolders();
  }

  get current(): RunSession | null {
    return this.session;
  }

  /** Launch id of a training whose run is not there yet. */
  get starting(): string | null {
    return this.launch?.launch ?? null;
  }

  /** The layer that the views select; null: none yet. */
  get selectedLayer(): number | null {
    return this.selected;
  }

  select(layer: number | null): void {
    this.selected = layer;
  }

  /** Header of the shown run, or what to say where there is none. */
  header(): RunHeader {
    const shown = this.session?.header();
    // A folder that is no run: the sentence says why.
    if (shown !== undefined) return shown.run === null ? { ...shown, action: openRunAction() } : shown;
    const starting = this.launch !== null;
    const state = starting ? "waiting" : this.withoutRun === null ? "none" : "failed";
    const { sentence, action } =
      this.launch !== null ? startingSentence(this.launch.script) : (this.withoutRun ?? noRunSentence());
    const nothing = {
      run: null,
      isReading: false,
      loss: null,
      stepsPerSecond: null,
      elapsedMs: null,
      remainingMs: null,
    };
    return { state, sentence, action, label: noLabel, ...nothing };
  }

  list(): KnownRun[] {
    return this.catalogue.list(this.runsFolders());
  }

  /** Shows this run: somebody chose it. */
  open(folder: string): RunSession {
    if (this.launch !== null) this.leftLaunch = this.launch.launch;
    return this.bring(folder);
  }

  private bring(folder: string): RunSession {
    this.stopLooking();
    if (this.session?.folder === folder) return this.session;
    this.launch = null;
    this.withoutRun = null;
    const session = this.read(folder);
    this.show(session);
    void this.memento.update(currentRunKey, folder);
    return session;
  }

  /** A run beside the shown one; the caller disposes it. */
  beside(folder: string): RunSession {
    return this.read(folder, besideBudgetBytes);
  }

  /** What is written beside runs has changed, or a run is gone. */
  refreshRuns(): void {
    if (this.session !== null && !existsSync(this.session.folder)) this.show(null);
    this.session?.refreshLabel();
    this.tellRuns();
    this.runsChanged.fire();
  }

  private read(folder: string, budgetBytes?: number): RunSession {
    return new RunSession(folder, {
      describe: stateSentence,
      follow: (run, tell) => this.lookouts.follow(run, ruleSettings(), tell),
      log: (problem, cause) => this.log.error(problem, cause),
      ...(budgetBytes === undefined ? {} : { budgetBytes }),
    });
  }

  /** After start or reload: the run that is going on, else the one that was shown last. */
  restore(): void {
    const runs = this.list();
    for (const { folder } of runs) this.seen.add(folder);
    if (this.session !== null || this.launch !== null) return;
    const running = runs.find(({ status }) => status === "running");
    const last = this.memento.get<string>(currentRunKey);
    const folder = running?.folder ?? runs.find((run) => run.folder === last)?.folder;
    if (folder === undefined) this.tellRuns(runs);
    else this.open(folder);
  }

  private runsFolders(): string[] {
    return [...new Set([...allRunsFolders(), ...this.memento.get<string[]>(outsideFoldersKey, [])])];
  }

  private watchFolders(): void {
    const wanted = new Set(this.runsFolders());
    for (const [folder, watch] of this.watches) {
      if (wanted.has(folder)) continue;
      watch.dispose();
      this.watches.delete(folder);
    }
    for (const folder of wanted) {
      if (!this.watches.has(folder)) this.watches.set(folder, new FolderWatch(folder, () => this.lookRepeatedly()));
    }
  }

  private expect(launch: Launch): void {
    if (!this.runsFolders().includes(launch.runsFolder)) {
      const outside = [...this.memento.get<string[]>(outsideFoldersKey, []).slice(-19), launch.runsFolder];
      void this.memento.update(outsideFoldersKey, outside).then(() => this.watchFolders());
    }
    this.launch = launch;
    this.withoutRun = null;
    this.show(null);
    this.launchTimer ??= setInterval(() => this.look(launch.runsFolder), lookForLaunchMs);
  }

  private launchEnded(ended: EndedLaunch): void {
    this.session?.refresh();
    if (this.launch?.launch !== ended.launch) return;
    const { runsFolder } = this.launch;
    setTimeout(() => {
      this.look(runsFolder);
      if (this.launch?.launch !== ended.launch) return;
      this.launch = null;
      this.withoutRun = noFolderSentence(ended.script, ended.exitCode);
      this.stopLooking();
      this.currentChanged.fire(null);
    }, lastLookMs);
  }

  private lookRepeatedly(): void {
    this.look();
    for (const afterMs of lookAgainMs) setTimeout(() => this.look(), afterMs);
  }

  /** Looks for a run that should be shown from now on. */
  private look(...more: string[]): void {
    if (this.isDisposed) return;
    const fresh = this.catalogue
      .list([...new Set([...this.runsFolders(), ...more])])
      .filter(({ folder }) => !this.seen.has(folder));
    for (const { folder } of fresh) this.seen.add(folder);
    if (fresh.length > 0) {
      this.runsChanged.fire();
      this.tellRuns();
    }
    const { launch } = this;
    const awaited = launch === null ? undefined : fresh.find(({ run }) => run.launch === launch.launch);
    const next = awaited ?? (launch === null ? fresh.find((run) => this.takesOver(run)) : undefined);
    if (next === undefined) return;
    this.log.info(`Run ${next.run.id} of ${next.run.script.path}`);
    this.bring(next.folder);
  }

  /** A run that nobody here launched is shown unless one that trains is on screen; a child of an idle parent always. */
  private takesOver({ run, status }: KnownRun): boolean {
    if (status !== "running" || (run.launch !== null && run.launch === this.leftLaunch)) return false;
    const shown = this.session;
    if (shown === null || shown.status !== "running") return true;
    return shown.steps === 0 && shown.run !== null && run.parent === shown.run.id;
  }

  private show(session: RunSession | null): void {
    this.subscription?.dispose();
    this.session?.dispose();
    this.session = session;
    this.subscription = session?.onDidChange((change) => this.forward(change));
    this.tellContext();
    this.tellRuns();
    this.currentChanged.fire(session);
  }

  private forward(change: SessionChange): void {
    if (change.header) this.tellContext();
    if (this.session?.status !== this.shownStatus) {
      this.shownStatus = this.session?.status;
      this.runsChanged.fire();
    }
    this.changed.fire(change);
  }

  private tellContext(): void {
    const isRun = this.session !== null && this.session.run !== null;
    this.keys.set("runActive", this.launch !== null || this.session?.status === "running");
    this.keys.set("hasRun", isRun);
    if (isRun) this.keys.set("canTrainAgain", true);
  }

  /** Is there any run, and one that started the shown one or that it started? */
  private tellRuns(runs = this.list()): void {
    const shown = this.session?.folder;
    const related = shown !== undefined && runFamily(runs, ({ folder }) => folder === shown).length > 1;
    this.keys.set("hasRuns", runs.length > 0);
    this.keys.set("hasRelatedRuns", related);
  }

  private stopLooking(): void {
    clearInterval(this.launchTimer);
    this.launchTimer = undefined;
  }

  private close(): void {
    this.stopLooking();
    for (const watch of this.watches.values()) watch.dispose();
    this.subscription?.dispose();
    this.session?.dispose();
  }
}
