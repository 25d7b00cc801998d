import { url } from "node:inspector";

/** Stops in the attached debugger, with the script's own call of the layer on the stack; does nothing without one. */
export function breakInDebugger(): void {
  if (url() === undefined) return;
  // biome-ignore lint/suspicious/noDebugger: stopping is what this function is for.
  debugger;
}
