export { add, begin, fold, layout, rest } from "./moments";
