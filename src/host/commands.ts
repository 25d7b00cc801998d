import * as vscode from "vscode";
import type { ViewAction } from "../protocol/views.js";
import type { LayerInfo, RunFile } from "../run/format.js";
import { readRunOrNull } from "../run/runFile.js";
import type { Decorations } from "./editor/decorations.js";
import { openSource } from "./editor/openSource.js";
import type { AutoAttach } from "./launch/autoAttach.js";
import type { EngineCommands } from "./launch/engineCommands.js";
import { openSample } from "./launch/sample.js";
import type { Trainer } from "./launch/trainer.js";
import { type Log, messageOf } from "./log.js";
import { chooseComparedRuns, chooseOneRun, chooseRelatedRun, chooseRun, chooseRuns } from "./session/chooseRun.js";
import type { Comparison } from "./session/comparison.js";
import type { KnownRun } from "./session/runCatalogue.js";
import { captureNow, setBudget } from "./session/runControl.js";
import type { RunShelf } from "./session/runShelf.js";
import type { Sessions } from "./session/sessions.js";
import { stopRun } from "./session/stopRun.js";
import type { LayerNode } from "./tree/layerNodes.js";
import type { LayersTree } from "./tree/layersTree.js";
import type { Dashboard, DashboardRequest } from "./views/dashboard.js";

export interface CommandTargets {
  readonly context: vscode.ExtensionContext;
  readonly log: Log;
  readonly trainer: Trainer;
  readonly sessions: Sessions;
  readonly comparison: Comparison;
  readonly shelf: RunShelf;
  readonly dashboard: Dashboard;
  readonly tree: LayersTree;
  readonly decorations: Decorations;
  readonly autoAttach: AutoAttach;
  readonly engines: EngineCommands;
}

const viewActions = {
  goLive: "goLive",
  zoomIn: "zoomIn",
  zoomOut: "zoomOut",
  resetZoom: "resetZoom",
  cursorBack: "cursorBack",
  cursorForward: "cursorForward",
  toggleLogarithmic: "toggleLogarithmic",
  smoothMore: "smoothMore",
  toggleOutliers: "toggleOutliers",
  foldSection: "foldSection",
  moveSectionUp: "moveSectionUp",
  moveSectionDown: "moveSectionDown",
  toggleTable: "toggleTable",
  copyChart: "copyChart",
  saveChart: "saveChart",
  saveNumbers: "saveNumbers",
  findLayer: "findLayer",
} as const satisfies { readonly [action in ViewAction]: action };

/** Every contributed command. A fault in one is logged and told once. */
export function registerCommands(targets: CommandTargets): vscode.Disposable[] {
  const { context, log, trainer, sessions, comparison, shelf, dashboard, tree, decorations, autoAttach, engines } =
    targets;
  const table: Readonly<Record<string, (argument: unknown) => unknown>> = {
    train: (argument) => trainer.train(argument instanceof vscode.Uri ? argument : undefined),
    trainAgain: () => trainer.trainAgain(sessions.current?.run?.script),
    trainFast: () => trainFast(targets),
    stop: () => stopCurrent(targets),
    captureNow: () => captureNow(runNow(targets)),
    setBudget: (argument) => setBudget(runNow(targets), typeof argument === "string" ? argument : undefined),
    openDashboard: (argument) => dashboard.open(isDashboardRequest(argument) ? argument : {}),
    openRun: (argument) => openRun(targets, argument),
    openRelatedRun: () => openRelatedRun(targets),
    compareRuns: (argument) => compareRuns(targets, argument),
    leaveComparison: () => comparison.leave(),
    renameRun: (argument) => withRun(targets, argument, vscode.l10n.t("Name Run"), shelf.rename),
    tagRun: (argument) => withRun(targets, argument, vscode.l10n.t("Tag Run"), shelf.tag),
    keepRun: (argument) => withRun(targets, argument, vscode.l10n.t("Keep Run, or No Longer"), shelf.toggleKept),
    deleteRun: (argument) => deleteRuns(targets, argument),
    openSample: () => openSample(context),
    showLog: () => log.show(),
    toggleAutoAttach: () => autoAttach.toggle(),
    setUpNative: () => engines.setUpNative(),
    doctor: () => engines.doctor(),
    clearDecorations: () => decorations.clear(),
    filterLayers: (argument) => (typeof argument === "string" ? tree.setFilter(argument) : tree.askForFilter()),
    clearLayerFilter: () => tree.setFilter(""),
    sortLayers: () => tree.toggleOrder(),
    copyLayers: (argument) => tree.copy(isLayerNode(argument) ? argument : undefined),
    revealInDashboard: (argument) => {
      const layer = layerOf(targets, argument);
      dashboard.open(layer === undefined ? {} : { layer: layer.index });
    },
    openLayerSource: async (argument) => {
      const layer = layerOf(targets, argument);
      if (layer?.source != null) await openSource(layer.source);
      if (layer !== undefined) sessions.select(layer.index);
    },
    ...Object.fromEntries(Object.entries(viewActions).map(([name, action]) => [name, () => dashboard.act(action)])),
  };
  return Object.entries(table).map(([name, run]) =>
    vscode.commands.registerCommand(`layerscope.${name}`, async (argument: unknown) => {
      try {
        return await run(argument);
      } catch (thrown) {
        log.report(messageOf(thrown), thrown);
        return undefined;
      }
    }),
  );
}

/** The shown run as its folder has it now: the socket of one that has just begun may have come since it was read. */
function runNow({ sessions }: CommandTargets): RunFile | null {
  const folder = sessions.current?.folder;
  return folder === undefined ? null : readRunOrNull(folder);
}

/** The shown run's script once more, by fused kernels; a run that is going on ends first. */
async function trainFast(targets: CommandTargets): Promise<void> {
  const { sessions, trainer } = targets;
  const session = sessions.current;
  const script = session?.run?.script;
  if (session?.status === "running") {
    await stopCurrent(targets);
    // What could not be stopped has been told of.
    if (session.status === "running") return;
  }
  await trainer.trainAgain(script, true);
}

async function stopCurrent({ sessions, trainer, log }: CommandTargets): Promise<void> {
  const session = sessions.current;
  if (session === null) {
    if (!(sessions.starting !== null && trainer.terminate(sessions.starting))) log.info("Stop: nothing is running.");
    return;
  }
  const hasEnded = await vscode.window.withProgress(
    { location: { viewId: "layerscope.live" }, title: vscode.l10n.t("Stopping…") },
    () =>
      stopRun({
        read: () => readRunOrNull(session.folder),
        hasEnded: () => {
          session.refresh();
          return session.status !== "running";
        },
        endTerminal: () => trainer.terminate(session.run?.launch ?? ""),
        note: (message) => log.warn(message),
      }),
  );
  if (!hasEnded) log.report(vscode.l10n.t("The training process could not be stopped."));
}

async function openRun({ sessions, shelf, dashboard, log }: CommandTargets, argument: unknown): Promise<void> {
  const given = typeof argument === "string" ? argument : argument instanceof vscode.Uri ? argument.fsPath : undefined;
  const folder = given ?? (await chooseRun(() => sessions.list(), shelf));
  if (folder === undefined) return;
  const session = sessions.open(folder);
  if (session.run === null) log.report(session.header().sentence);
  dashboard.open();
}

/** From a run to the one that started it or that it started. */
async function openRelatedRun(targets: CommandTargets): Promise<void> {
  const { sessions } = targets;
  const shown = sessions.current?.folder;
  if (shown === undefined) return;
  const folder = await chooseRelatedRun(sessions.list(), shown);
  if (folder !== undefined) await openRun(targets, folder);
}

async function compareRuns({ sessions, comparison, dashboard }: CommandTargets, argument: unknown): Promise<void> {
  const isGiven = Array.isArray(argument) && argument.every((folder) => typeof folder === "string");
  const compared = comparison.sessions.map(({ folder }) => folder);
  const folders = isGiven
    ? (argument as readonly string[])
    : await chooseComparedRuns(sessions.list(), compared, sessions.current?.folder);
  if (folders === undefined) return;
  comparison.compare(folders);
  dashboard.open();
}

/** The run that a menu was opened on, else one that the user picks. */
async function withRun(
  { sessions }: CommandTargets,
  argument: unknown,
  title: string,
  work: (run: KnownRun) => unknown,
): Promise<void> {
  const runs = sessions.list();
  const given = folderOf(argument);
  const run =
    given === undefined
      ? await chooseOneRun(runs, title, sessions.current?.folder)
      : runs.find(({ folder }) => folder === given);
  if (run !== undefined) await work(run);
}

async function deleteRuns({ sessions, shelf }: CommandTargets, argument: unknown): Promise<void> {
  const runs = sessions.list();
  const given = folderOf(argument);
  const chosen =
    given === undefined
      ? await chooseRuns(runs, vscode.l10n.t("Delete Runs"), () => false)
      : runs.filter(({ folder }) => folder === given);
  await shelf.delete(...(chosen ?? []));
}

function folderOf(argument: unknown): string | undefined {
  if (typeof argument === "string") return argument;
  const folder =
    typeof argument === "object" && argument !== null && "folder" in argument ? argument.folder : undefined;
  return typeof folder === "string" ? folder : undefined;
}

/** What a context menu was opened on: a node of the tree, or something in a view that names its layer. */
function layerOf({ sessions, tree }: CommandTargets, argument: unknown): LayerInfo | undefined {
  if (isLayerNode(argument)) return tree.layerOf(argument);
  const index = typeof argument === "object" && argument !== null && "layer" in argument ? argument.layer : undefined;
  if (typeof index !== "number") return tree.layerOf(undefined);
  return sessions.current?.layers.find((layer) => layer.index === index);
}

function isDashboardRequest(value: unknown): value is DashboardRequest {
  return typeof value === "object" && value !== null && !(value instanceof vscode.Uri);
}

function isLayerNode(value: unknown): value is LayerNode {
  return typeof value === "object" && value !== null && "kind" in value && "id" in value;
}
