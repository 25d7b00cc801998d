// All statistics, in memory that is given: where it is an engine's, its tensors are read where they are.
export { countBins, countLower, countUpper, decode, distribute, gather } from "./distribution";
export { add, begin, fold, layout, rest } from "./moments";
export { addDifference, addNorm, clearNorms } from "./norms";
