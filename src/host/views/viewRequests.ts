import { Buffer } from "node:buffer";
import * as vscode from "vscode";
import type {
  CommandMessage,
  OpenDashboardMessage,
  OpenRunMessage,
  OpenSourceMessage,
  SaveMessage,
} from "../../protocol/views.js";
import { openSource } from "../editor/openSource.js";
import { type Log, messageOf } from "../log.js";

export type ViewRequest = OpenSourceMessage | OpenDashboardMessage | OpenRunMessage | CommandMessage | SaveMessage;

/** What a view may ask VS Code to do. */
export async function carryOut(request: ViewRequest, log: Log): Promise<void> {
  try {
    switch (request.type) {
      case "openSource":
        await openSource(request.source);
        return;
      case "openDashboard":
        await vscode.commands.executeCommand("layerscope.openDashboard", { layer: request.layer });
        return;
      case "openRun":
        await vscode.commands.executeCommand("layerscope.openRun", request.folder);
        return;
      case "command":
        if (isOurs(request.command)) await vscode.commands.executeCommand(request.command);
        else log.warn(`A view asked for the command ${request.command}, which is not one of Layerscope's.`);
        return;
      case "save":
        await save(request);
        return;
      default:
        return request satisfies never;
    }
  } catch (thrown) {
    log.report(messageOf(thrown), thrown);
  }
}

function isOurs(command: string): boolean {
  return /^layerscope\.[a-zA-Z]+$/.test(command);
}

async function save({ suggestedName, content }: SaveMessage): Promise<void> {
  const extension = content.kind;
  const name = `${suggestedName.replace(/[\\/:*?"<>|\p{Cc}]+/gu, "-").slice(0, 120) || "layerscope"}.${extension}`;
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const target = await vscode.window.showSaveDialog({
    ...(folder === undefined ? {} : { defaultUri: vscode.Uri.joinPath(folder, name) }),
    filters: content.kind === "png" ? { PNG: ["png"] } : { CSV: ["csv"] },
  });
  if (target === undefined) return;
  const bytes =
    content.kind === "png"
      ? Buffer.from(content.dataUrl.replace(/^data:image\/png;base64,/, ""), "base64")
      : Buffer.from(content.text, "utf8");
  await vscode.workspace.fs.writeFile(target, bytes);
}
