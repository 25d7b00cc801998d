import type { Rule } from "./rule.js";
import { short } from "./ruleContext.js";

export const bnFast: Rule = {
  id: "bn-fast",
  title: "BatchNorm takes a large part of the step's time",
  level: "info",
  timing: "always",
  action:
    "Train with `--fast` or the setting layerscope.fastBatchNorm. Rounding then differs in the last bits; ReLU and Adam gain too.",
  reference: "measured in the run itself, on arrays of the layers' shapes",
  *check({ fastPath, settings }) {
    if (fastPath === null) return;
    const { step, stepMs, batchNormMs, fusedMs } = fastPath;
    const ratio = 1 - (batchNormMs - fusedMs) / stepMs;
    if (!(ratio <= 1 - settings.fastGain)) return;
    const got = `BatchNorm takes ${short(batchNormMs)} of a step's ${short(stepMs)} ms`;
    const wanted = `wanted ${short(fusedMs)} ms, which fused kernels take here`;
    yield { level: "info", layer: null, step, message: `${got}, ${wanted}: a step would take ×${ratio.toFixed(2)}.` };
  },
};
