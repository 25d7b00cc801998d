import { DistributionKernel } from "./distribution.js";
import type { DistributionExports } from "./distributionExports.js";
import { statisticsModule } from "./generated/statisticsModule.js";
import { type KernelHome, ownHome } from "./home.js";
import { createMemory, instantiate } from "./instantiate.js";
import { type StatisticsExports, StatisticsKernel } from "./statistics.js";

export interface Kernels {
  readonly statistics: StatisticsKernel;
  readonly distribution: DistributionKernel;
  /** Where they read values without copying them; null for plain JavaScript, which reads them anywhere. */
  readonly home: KernelHome | null;
}

const firstPages = 1;
/** 1 GB. */
const mostPages = 16_384;

/** Kernels in memory of their own. `plain` forces JavaScript, which is also what runs where WebAssembly SIMD is missing. */
export function createKernels(engine: "fastest" | "plain" = "fastest"): Kernels {
  const memory = engine === "plain" ? null : createMemory(firstPages, mostPages);
  const kernels = memory === null ? null : kernelsIn(ownHome(memory));
  return kernels ?? { statistics: new StatisticsKernel(null), distribution: new DistributionKernel(null), home: null };
}

/** Kernels that read tensors where they are, in shared memory; null where WebAssembly SIMD is missing. */
export function kernelsIn(home: KernelHome): Kernels | null {
  const wasm = instantiate<StatisticsExports & DistributionExports>(statisticsModule, home.memory);
  if (wasm === null) return null;
  const place = { wasm, home };
  return { statistics: new StatisticsKernel(place), distribution: new DistributionKernel(place), home };
}
