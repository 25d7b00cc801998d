import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { replaceInBun } from "../bun.js";
import { moduleSystem } from "./moduleSystem.js";

const entryPattern = /[\\/]@tensorflow[\\/]tfjs-node(?:-gpu)?[\\/]dist[\\/]index\.js$/;

/**
 * An ES module's `import` finds the project's tfjs-node by itself where Node has no synchronous hooks, and some test
 * runners ask for its file by path. `replacement` is asked when its file is about to be compiled; the file is then one
 * line that hands over to the answer. The names to import have been read from the original text.
 */
export function watchOwnEntry(replacement: (entry: string) => string | null): void {
  const { prototype } = moduleSystem;
  const original = prototype._compile;
  prototype._compile = function (content, filename, ...rest) {
    const file = entryPattern.test(filename) ? replacement(filename) : null;
    const text = file === null || file === filename ? content : `module.exports = require(${JSON.stringify(file)});`;
    return original.call(this, text, filename, ...rest);
  };
  replaceInBun(entryPattern, (entry) => {
    const module = new moduleSystem(entry);
    module.filename = entry;
    module.paths = moduleSystem._nodeModulePaths(dirname(entry));
    prototype._compile.call(module, readFileSync(entry, "utf8"), entry);
    return module.exports as object;
  });
}
