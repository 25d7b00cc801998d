import { afterEach, expect, test, vi } from "vitest";
import { newReductionRoom, type Reduced } from "../../../src/backend/reduction/reduced.js";
import { ReductionQueue } from "../../../src/backend/reduction/reductionQueue.js";
import { ownHome } from "../../../src/kernels/home.js";
import { createMemory } from "../../../src/kernels/instantiate.js";
import { kernelsIn } from "../../../src/kernels/kernels.js";

const length = 20_000;
const wanted = { channels: 1, saturation: "none", sample: 0 } as const;

afterEach(() => vi.unstubAllEnvs());

test("memory that grows when the helper is started does not lose the values that are about to be reduced", () => {
  vi.stubEnv("LAYERSCOPE_THREADS", "2");
  const memory = createMemory(1, 1024);
  const home = memory === null ? null : ownHome(memory);
  const kernels = home === null ? null : kernelsIn(home);
  if (memory === null || home === null || kernels === null) throw new Error("no WebAssembly SIMD");
  const at = home.allocate(4 * length);
  const queue = new ReductionQueue(kernels, home);
  const means: number[] = [];
  const take = ({ measured }: Reduced): void => void means.push(measured.mean);
  for (let pass = 0; pass < 20; pass++) {
    // As a pass does it: the view first, then the question, then the values are handed over.
    const values = new Float32Array(memory.buffer, at, length).fill(pass);
    if (queue.wants(values, wanted)) queue.add(values, wanted, newReductionRoom(), take);
    queue.begin();
    queue.settle();
  }
  expect(means).toEqual([12, 13, 14, 15, 16, 17, 18, 19]);
});
