// The kernels that training needs and tfjs-backend-wasm lacks, or has slowly. They work in that module's memory.
export { convolveImages, convolveScratch, packFilter } from "./convolve";
export {
  addGroups, filterGradientGroups, inputGradientByProducts, inputGradientOfFew, productScratch, turnFilter,
} from "./convolution";
export { depthwiseGradient } from "./depthwise";
export {
  addBias, clamp, clampGradient, floatsOfBytes, normalize, rectify, withRow, withScalar,
} from "./elementwise";
export { gemmRows, gemmScratch } from "./gemm";
export { fitImages, repeatBlocks, segmentSum } from "./movement";
export { averagePool, averagePoolGradient, maxPool, maxPoolGradient } from "./pooling";
export { sumMiddle } from "./reduction";
export { resizeGradient } from "./resizing";
export {
  winogradFilter, winogradFilterGroups, winogradFilterScratch, winogradRows, winogradScratch,
} from "./winograd";
