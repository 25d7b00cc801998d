import { DistributionKernel } from "./distribution.js";
import type { DistributionExports } from "./distributionExports.js";
import { inPlaceModule } from "./generated/inPlaceModule.js";
import type { KernelHome } from "./home.js";
import { instantiate } from "./instantiate.js";
import { type StatisticsExports, StatisticsKernel } from "./statistics.js";

export interface Kernels {
  readonly statistics: StatisticsKernel;
  readonly distribution: DistributionKernel;
}

export function createKernels(): Kernels {
  return { statistics: StatisticsKernel.create(), distribution: DistributionKernel.create() };
}

/** Kernels that read tensors where they are, in shared memory; null where WebAssembly SIMD is missing. */
export function kernelsIn(home: KernelHome): Kernels | null {
  const wasm = instantiate<StatisticsExports & DistributionExports>(inPlaceModule, home.memory);
  if (wasm === null) return null;
  return {
    statistics: StatisticsKernel.within(wasm, home),
    distribution: DistributionKernel.within(wasm, home),
  };
}
