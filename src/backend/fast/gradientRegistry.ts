import type { Tensor } from "./fastEngine.js";

/** How tfjs-core finds the gradient of a kernel. */
export interface GradientConfig {
  readonly kernelName: string;
  readonly inputsToSave?: readonly string[];
  readonly outputsToSave?: readonly boolean[];
  readonly gradFunc: (dy: Tensor, saved: Tensor[], attributes: object) => Record<string, () => Tensor>;
}

/** The registry that all copies of tfjs-core in this process share; null where there is none. */
export function gradientRegistry(): Map<string, GradientConfig> | null {
  const { _tfGlobals } = globalThis as { _tfGlobals?: Map<string, unknown> };
  const registry = _tfGlobals?.get("gradRegistry");
  return registry instanceof Map ? registry : null;
}
