import type { FromView, ToView } from "../../src/protocol/views.js";

interface VsCodeApi {
  postMessage(message: FromView): void;
  getState(): unknown;
  setState(state: unknown): void;
}

declare function acquireVsCodeApi(): VsCodeApi;

/** The one channel to the extension host. */
export class HostLink {
  private readonly api = acquireVsCodeApi();

  constructor(onMessage: (message: ToView) => void) {
    window.addEventListener("message", (event: MessageEvent<unknown>) => {
      if (!isMessage(event.data)) return;
      try {
        onMessage(event.data);
      } catch (error) {
        this.report(error);
      }
    });
    window.addEventListener("error", (event) => this.report(event.error ?? event.message));
    window.addEventListener("unhandledrejection", (event) => this.report(event.reason));
  }

  post(message: FromView): void {
    this.api.postMessage(message);
  }

  /** What VS Code has kept, else what the host has of a page that was here before. */
  readState(): unknown {
    return this.api.getState() ?? JSON.parse(document.getElementById("state")?.textContent ?? "null");
  }

  writeState(state: object): void {
    this.api.setState(state);
    this.post({ type: "remember", state });
  }

  private report(error: unknown): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    // Sizes that change while they are observed are settled in the next frame; browsers report them all the same.
    if (!text.includes("ResizeObserver loop")) this.post({ type: "problem", message: text });
  }
}

function isMessage(value: unknown): value is ToView {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}
