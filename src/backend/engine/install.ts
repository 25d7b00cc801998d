import { join, resolve as resolvePath } from "node:path";
import type { BackendOptions } from "../../protocol/options.js";
import type { EngineInfo } from "../../run/format.js";
import { loadPart } from "../loadPart.js";
import { installEsModules } from "./esModules.js";
import { onEngineCreated } from "./gate.js";
import { moduleSystem } from "./moduleSystem.js";
import { watchOwnEntry } from "./ownEntry.js";
import type { EngineResolver } from "./resolver.js";

const scope = "@tensorflow/";
const nobody: EngineInfo = { name: "none", reason: "Layerscope has not prepared an engine.", versions: {} };

/**
 * Makes `require` and `import` of TensorFlow.js packages succeed and prepares the chosen engine. Called before the
 * user's script; costs next to nothing until a TensorFlow.js package is asked for, for what decides is loaded then.
 * Returns what tells the engine that computes.
 */
export function installEngine(options: BackendOptions): () => EngineInfo {
  const search = moduleSystem._resolveFilename;
  let made: EngineResolver | null | undefined;
  const resolver = (): EngineResolver | null => {
    if (made === undefined) {
      const part = loadPart("engine.cjs") as typeof import("./resolver.js") | null;
      made = part === null ? null : new part.EngineResolver(options, search);
    }
    return made;
  };
  moduleSystem._resolveFilename = function (request, parent, isMain, extra) {
    const file = request.startsWith(scope) ? resolver()?.resolve(request, parent, extra) : null;
    return file ?? search.call(this, request, parent, isMain, extra);
  };
  const main = process.argv[1];
  installEsModules({
    embeddedFolder: join(__dirname, "embedded"),
    resolve: (specifier, parentFile) =>
      resolver()?.resolve(specifier, parentFile === null ? null : { filename: parentFile }) ?? null,
    script: main === undefined ? undefined : resolvePath(main),
  });
  watchOwnEntry((entry) => resolver()?.replacement(entry) ?? null);
  onEngineCreated((engine) => resolver()?.bind(engine));
  return () => resolver()?.describe() ?? nobody;
}
