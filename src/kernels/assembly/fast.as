export { reluGradient } from "./activation";
export { gradient, gradientSums, moments, normalize } from "./batchNorm";
