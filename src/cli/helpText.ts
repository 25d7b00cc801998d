import { execUsage } from "./execCommand.js";
import { runsUsage } from "./runsCommand.js";
import { seriesUsage } from "./seriesCommand.js";
import { showUsage } from "./showCommand.js";
import { trainUsage } from "./trainCommand.js";

export const helpText = `Layer statistics of TensorFlow.js training, BatchNorm above all.

${[trainUsage, execUsage, runsUsage, showUsage, seriesUsage].map((usage) => `  ${usage}\n`).join("")}
`;
