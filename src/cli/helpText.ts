import { checkUsage } from "./checkCommand.js";
import { doctorUsage } from "./doctorCommand.js";
import { engineUsage } from "./engineCommand.js";
import { execUsage } from "./execCommand.js";
import { exportUsage } from "./exportCommand.js";
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
];

export const helpText = `Layer statistics of TensorFlow.js training, BatchNorm above all.

${usages.map((usage) => `  ${usage}\n`).join("")}
Runs are kept in .layerscope/runs of the working folder, or in --runs DIR. Exit codes of our own: 64 bad usage,
66 missing file, 70 our own failure; check exits 1 with warnings and 2 with errors; train and exec exit as the
script does.
`;
