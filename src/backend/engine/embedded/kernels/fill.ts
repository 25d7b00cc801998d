import { runOnCpu } from "../cpuFallback.js";
import { replaceKernel } from "../kernelTable.js";

/** tfjs's kernel knows numbers only. */
replaceKernel("Fill", (stock) => (call) => {
  const { dtype, value } = call.attrs as unknown as { dtype?: string; value: unknown };
  return dtype === "string" || typeof value === "string" ? runOnCpu("Fill", call) : stock(call);
});
