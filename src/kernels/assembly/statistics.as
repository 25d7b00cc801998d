export { add, begin, fold, layout, rest } from "./moments";
export { addDifference, addNorm, clearNorms } from "./norms";
