import * as vscode from "vscode";
import { registerLanguageModelTools } from "./host/agent/languageModelTools.js";
import { registerCommands } from "./host/commands.js";
import { DisposableStore } from "./host/disposable.js";
import { Decorations } from "./host/editor/decorations.js";
import { FindingDiagnostics } from "./host/editor/findingDiagnostics.js";
import { LayerHover } from "./host/editor/layerHover.js";
import { LayerSources } from "./host/editor/layerSources.js";
import { QuickFixes } from "./host/editor/quickFixes.js";
import { SourceLines } from "./host/editor/sourceLines.js";
import { TrainLens } from "./host/editor/trainLens.js";
import { AutoAttach } from "./host/launch/autoAttach.js";
import { DebugConfigurations } from "./host/launch/debugConfiguration.js";
import { EngineCommands } from "./host/launch/engineCommands.js";
import { FastOffer } from "./host/launch/fastOffer.js";
import { Launcher } from "./host/launch/launcher.js";
import { Trainer } from "./host/launch/trainer.js";
import { trainTaskType } from "./host/launch/trainTask.js";
import { TrainTaskProvider } from "./host/launch/trainTaskProvider.js";
import { Log } from "./host/log.js";
import { Comparison } from "./host/session/comparison.js";
import { RunShelf } from "./host/session/runShelf.js";
import { Sessions } from "./host/session/sessions.js";
import { StatusBar } from "./host/statusBar.js";
import { LayersTree } from "./host/tree/layersTree.js";
import { Dashboard } from "./host/views/dashboard.js";
import { DashboardMemory } from "./host/views/dashboardMemory.js";
import { LiveView } from "./host/views/liveView.js";

const scripts: vscode.DocumentSelector = [
  { scheme: "file", language: "javascript" },
  { scheme: "file", language: "typescript" },
];

export function activate(context: vscode.ExtensionContext): void {
  const own = new DisposableStore();
  context.subscriptions.push(own);
  const log = own.add(new Log());
  const launcher = new Launcher(context, log);
  const trainer = own.add(new Trainer(launcher, context.workspaceState, log));
  const sessions = own.add(new Sessions(trainer, context.workspaceState, log));
  const sources = new LayerSources(sessions, own.add(new SourceLines()));
  const comparison = own.add(new Comparison(sessions, context.workspaceState));
  const shelf = new RunShelf(sessions, comparison, log);
  const memory = own.add(new DashboardMemory(context.workspaceState));
  const dashboard = own.add(new Dashboard(context.extensionUri, sessions, comparison, memory, log));
  const tree = own.add(new LayersTree(sessions));
  const decorations = own.add(new Decorations(sessions, sources));
  const autoAttach = own.add(new AutoAttach(context, log));
  const engines = own.add(new EngineCommands(launcher, context, log));
  own.add(new LiveView(context.extensionUri, sessions, log));
  own.add(new StatusBar(sessions));
  own.add(new FastOffer(sessions, trainer, context.globalState, log));
  own.add(new FindingDiagnostics(sessions, sources));
  own.add(new DebugConfigurations(context));
  own.add(vscode.tasks.registerTaskProvider(trainTaskType, new TrainTaskProvider(launcher, log)));
  own.add(vscode.languages.registerHoverProvider(scripts, new LayerHover(sessions, sources)));
  own.add(vscode.languages.registerCodeLensProvider(scripts, own.add(new TrainLens())));
  own.add(vscode.languages.registerCodeActionsProvider(scripts, new QuickFixes(), QuickFixes.metadata));
  const targets = {
    context,
    log,
    trainer,
    sessions,
    comparison,
    shelf,
    dashboard,
    tree,
    decorations,
    autoAttach,
    engines,
  };
  for (const command of registerCommands(targets)) own.add(command);
  for (const tool of registerLanguageModelTools(sessions)) own.add(tool);
  // Looking for runs reads the disk: not in the way of the start.
  const restore = setTimeout(() => {
    sessions.restore();
    comparison.restore();
  }, 0);
  own.add({ dispose: () => clearTimeout(restore) });
}
