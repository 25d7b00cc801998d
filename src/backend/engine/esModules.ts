import { fileURLToPath, pathToFileURL } from "node:url";
import { missingImports } from "./importScan.js";
import { moduleSystem } from "./moduleSystem.js";

export interface EsModuleOptions {
  readonly embeddedFolder: string;
  /** File for a TensorFlow.js package asked for by a file; null where the ordinary search has to say it is missing. */
  readonly resolve: (specifier: string, parentFile: string | null) => string | null;
  readonly script: string | undefined;
}

/**
 * `import` of a CommonJS package looks for it by itself, so `require`'s resolution is not enough. Newer Nodes have
 * hooks that cost nothing to speak of; Node 20 starts a thread for them (about 30 ms), so there they are registered
 * only for a script that imports a TensorFlow.js package which is not installed.
 */
export function installEsModules(options: EsModuleOptions): void {
  if (moduleSystem.registerHooks) {
    // In Deno the search for a file asks the hooks again.
    let isSearching = false;
    moduleSystem.registerHooks({
      resolve(specifier, context, next) {
        if (isSearching || !specifier.startsWith("@tensorflow/")) return next(specifier, context);
        const { parentURL } = context;
        isSearching = true;
        let file: string | null;
        try {
          file = options.resolve(specifier, parentURL?.startsWith("file:") ? fileURLToPath(parentURL) : null);
        } finally {
          isSearching = false;
        }
        if (file === null) return next(specifier, context);
        return { url: pathToFileURL(file).href, format: "commonjs", shortCircuit: true };
      },
    });
  } else if (moduleSystem.register && options.script !== undefined && missingImports(options.script).size > 0) {
    moduleSystem.register("./esmResolve.mjs", { parentURL: `${pathToFileURL(options.embeddedFolder).href}/` });
  }
}
