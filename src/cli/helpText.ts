import { checkUsage } from "./checkCommand.js";
import { doctorUsage } from "./doctorCommand.js";
import { engineUsage } from "./engineCommand.js";
import { execUsage } from "./execCommand.js";
import { exportUsage } from "./exportCommand.js";
import { mcpUsage } from "./mcpCommand.js";
import { runsUsage } from "./runsCommand.js";
import { seriesUsage } from "./seriesCommand.js";
import { showUsage } from "./showCommand.js";
import { trainUsage } from "./trainCommand.js";

const usages = [
  trainUsage,
  execUsage,
  runsUsage,
  showUsage,
  seriesUsage,
  exportUsage,
  checkUsage,
  doctorUsage,
  engineUsage,
  mcpUsage,
];

export const helpText = `Layer statistics of TensorFlow.js training, BatchNorm above all.

${usages.map((usage) => `  ${usage}\n`).join("")}
--probe runs more passes than the training's own, at every N-th step (--probe-every N, 100 by default), and leaves
training as it was: gap (loss of a batch with running statistics), precise (population statistics), shift (how far the
layers before move a layer's gradient), landscape (loss along the gradient), or all.
Runs are kept in .layerscope/runs of the working folder, or in --runs DIR. Exit codes of our own: 64 bad usage,
66 missing file, 70 our own failure; check exits 1 with warnings and 2 with errors; train and exec exit as the
script does.
`;
