export { add, begin, layout, rest } from "./moments";
