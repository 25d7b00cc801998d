/** tfjs-node 4.22 calls what Node 23 took out of `util` (https://github.com/tensorflow/tfjs/issues/8425). */
export const compatibilityShim = `
require("node:util").isNullOrUndefined ??= (value) => value === null || value === undefined;
`;
