import * as vscode from "vscode";
import { parseOptIn } from "./debugOptIn.js";

const levelsToUserCode = 200;

interface Frame {
  source?: { path?: string; name?: string };
  presentationHint?: string;
}

/**
 * Keeps our own frames out of the way when the debugger stops: VS Code then shows the innermost frame of the user's
 * own code. Where we stopped it ourselves (break on anomaly), TensorFlow.js's frames step back too.
 */
export class DebugFrames implements vscode.DebugAdapterTrackerFactory {
  constructor(private readonly distFolder: string) {}

  createDebugAdapterTracker(session: vscode.DebugSession): vscode.DebugAdapterTracker {
    const mayStop = breaksOnAnomaly(session);
    let stoppedByUs = false;
    /** `startFrame` of the requests that are under way. */
    const starts = new Map<number, number>();
    return {
      onWillReceiveMessage: (message: unknown) => {
        const { type, command, seq, arguments: given } = asRecord(message);
        if (type !== "request" || command !== "stackTrace" || typeof seq !== "number") return;
        const request = asRecord(given);
        const start = typeof request.startFrame === "number" ? request.startFrame : 0;
        starts.set(seq, start);
        // VS Code asks for a few frames first and looks for the user's code among those only.
        if (mayStop && start === 0) request.levels = Math.max(Number(request.levels ?? 0), levelsToUserCode);
      },
      onDidSendMessage: (message: unknown) => {
        const { type, request_seq: request, body } = asRecord(message);
        const start = type === "response" && typeof request === "number" ? starts.get(request) : undefined;
        if (start === undefined) return;
        starts.delete(request as number);
        const { stackFrames } = asRecord(body);
        if (!Array.isArray(stackFrames)) return;
        const frames = stackFrames as Frame[];
        if (start === 0) stoppedByUs = frames[0] !== undefined && this.isOurs(frames[0]);
        const aside = frames.filter((frame) => this.isOurs(frame) || (stoppedByUs && isOfTensorFlow(frame)));
        if (frames.some((frame) => isShown(frame) && !aside.includes(frame))) {
          for (const frame of aside) frame.presentationHint = "deemphasize";
        }
      },
    };
  }

  private isOurs(frame: Frame): boolean {
    return pathOf(frame).startsWith(this.distFolder);
  }
}

/** What VS Code would go to. */
function isShown({ source, presentationHint }: Frame): boolean {
  return source?.path !== undefined && (presentationHint === undefined || presentationHint === "normal");
}

/** The attribute stands in the configuration of the session that was started; js-debug adds one for each process. */
function breaksOnAnomaly(session: vscode.DebugSession): boolean {
  for (let at: vscode.DebugSession | undefined = session; at !== undefined; at = at.parentSession) {
    if (parseOptIn(at.configuration.layerscope)?.breakOnAnomaly === true) return true;
  }
  return false;
}

function isOfTensorFlow(frame: Frame): boolean {
  return /[\\/]node_modules[\\/](\.pnpm[\\/])?@tensorflow[\\/+]/.test(pathOf(frame));
}

function pathOf({ source }: Frame): string {
  const path = source?.path ?? "";
  return path.startsWith("file:") ? vscode.Uri.parse(path).fsPath : path;
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
