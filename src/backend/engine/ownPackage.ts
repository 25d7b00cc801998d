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
