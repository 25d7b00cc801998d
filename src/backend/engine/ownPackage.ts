import { sep } from "node:path";
import { moduleSystem } from "./moduleSystem.js";

/**
 * tfjs-node asks `@mapbox/node-pre-gyp` where its addon is, and loads what it answers. A copy in `folder` gets
 * `addon` for an answer, also where node-pre-gyp itself is missing.
 */
export function supplyAddon(folder: string, addon: string): void {
  const id = `${folder}${sep}layerscope-node-pre-gyp`;
  const answer = new moduleSystem(id);
  answer.filename = id;
  answer.loaded = true;
  answer.exports = { find: () => addon };
  moduleSystem._cache[id] = answer;
  const original = moduleSystem._resolveFilename;
  moduleSystem._resolveFilename = function (request, parent, isMain, extra) {
    if (request === "@mapbox/node-pre-gyp" && parent?.filename?.startsWith(folder + sep)) return id;
    return original.call(this, request, parent, isMain, extra);
  };
}

const entryPattern = /[\\/]@tensorflow[\\/]tfjs-node(?:-gpu)?[\\/]dist[\\/]index\.js$/;

/**
 * An ES module's `import` finds the project's tfjs-node by itself where Node has no synchronous hooks. `replacement`
 * is asked when its file is about to be compiled; the file is then one line that hands over to the answer. The names
 * to import have been read from the original text.
 */
export function watchOwnEntry(replacement: (entry: string) => string | null): void {
  const { prototype } = moduleSystem;
  const original = prototype._compile;
  prototype._compile = function (content, filename, ...rest) {
    const file = entryPattern.test(filename) ? replacement(filename) : null;
    const text = file === null || file === filename ? content : `module.exports = require(${JSON.stringify(file)});`;
    return original.call(this, text, filename, ...rest);
  };
}
