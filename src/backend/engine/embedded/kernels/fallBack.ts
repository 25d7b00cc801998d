import type { KernelFunc } from "@tensorflow/tfjs-core";
import { cpuFallback } from "../cpuFallback.js";

type Call = Parameters<KernelFunc>[0];

/** Runs the JavaScript backend's kernel for a call that our own does not serve. */
export function fallBack(kernelName: string, call: Call): ReturnType<KernelFunc> {
  return cpuFallback(kernelName)(call);
}
