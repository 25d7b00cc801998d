export { adam } from "./adam";
export { gradient, gradientSums, moments, normalize } from "./batchNorm";
export { reluGradient } from "./activation";
