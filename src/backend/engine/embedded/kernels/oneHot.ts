import { replaceKernel } from "../kernelTable.js";

/** tfjs-core before version 3.19 does not say of which type the result is; it was always int32. */
replaceKernel("OneHot", (stock) => (call) => stock({ ...call, attrs: { dtype: "int32", ...call.attrs } }));
