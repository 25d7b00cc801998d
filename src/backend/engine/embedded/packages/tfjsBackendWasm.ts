/** `@tensorflow/tfjs-backend-wasm` for a script that asks for it where it is not installed: the embedded engine. */
export const version_wasm = "4.22.0";

/** The kernels lie beside the engine; there is nothing to point at. */
export function setWasmPath(): void {
  // Accepted for the script's sake.
}
export function setWasmPaths(): void {
  // Accepted for the script's sake.
}
export function setThreadsCount(): void {
  // Accepted for the script's sake.
}
export function getThreadsCount(): number {
  return 1;
}
