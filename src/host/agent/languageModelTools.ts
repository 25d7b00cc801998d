import * as vscode from "vscode";
import { agentTools } from "../../agent/agentTools.js";
import type { RunSource } from "../../agent/runAnswers.js";
import { jsonText } from "../../run/jsonText.js";
import type { Sessions } from "../session/sessions.js";
import { allRunsFolders } from "../settings.js";

/** The tools by which language models ask about the shown run. None in an editor that has no such tools. */
export function registerLanguageModelTools(sessions: Sessions): vscode.Disposable[] {
  const registerTool: typeof vscode.lm.registerTool | undefined = vscode.lm?.registerTool;
  if (registerTool === undefined) return [];
  const source: RunSource = {
    runsFolders: allRunsFolders,
    shown: () => sessions.current?.folder ?? null,
  };
  return agentTools.map((tool) =>
    registerTool.call(vscode.lm, tool.name, {
      prepareInvocation: () => ({ invocationMessage: vscode.l10n.t("Reading layer statistics") }),
      // What goes wrong is thrown: the model gets the sentence.
      invoke: ({ input }) =>
        new vscode.LanguageModelToolResult([
          new vscode.LanguageModelTextPart(jsonText(tool.answer(source, input as Readonly<Record<string, unknown>>))),
        ]),
    }),
  );
}
