import * as vm from "node:vm";

type ModuleFunction = (module: { exports: unknown }, ...rest: unknown[]) => unknown;

const inlineMap = "//# sourceMappingURL=data:application/json";

/** Files whose code was not what is on disk, with the source map that the code itself carries. */
export const transformedSources = new Map<string, string>();

/** Loaders such as ts-node and babel-node hand over compiled code whose map is at its end and nowhere else. */
export function noteTransformed(file: string, code: string): void {
  const at = code.lastIndexOf(inlineMap);
  if (at < 0) return;
  const end = code.indexOf("\n", at);
  transformedSources.set(file, code.slice(at, end < 0 ? undefined : end));
}

function fileNameIn(options: { readonly filename?: string | undefined } | string | undefined): string {
  return (typeof options === "string" ? options : options?.filename) ?? "";
}

/**
 * Test runners load modules by themselves. What vitest runs in this realm is only noted, for its source map. Others such
 * as jest compile a file with `vm.Script`, run it in a context of its own, and call the function that comes out with a
 * module object. Neither `require` hooks nor this realm's globals see that, so scripts of TensorFlow.js files are met
 * here, and `listener` gets their exports once they have run.
 */
export function onRealmModule(isWanted: (file: string) => boolean, listener: (exports: object) => void): void {
  const { Script } = vm;
  class WatchedScript extends Script {
    readonly #file: string;

    constructor(code: string, options?: vm.ScriptOptions | string) {
      super(code, options);
      this.#file = fileNameIn(options);
      noteTransformed(this.#file, code);
    }

    override runInContext(context: vm.Context, options?: vm.RunningCodeInNewContextOptions): unknown {
      const result: unknown = super.runInContext(context, options);
      if (!isWanted(this.#file) || typeof result !== "object" || result === null) return result;
      return Object.fromEntries(
        Object.entries(result).map(([name, value]) => [name, typeof value === "function" ? watched(value) : value]),
      );
    }
  }
  Object.defineProperty(WatchedScript, "name", { value: "Script" });
  const shared: typeof vm = process.getBuiltinModule?.("node:vm") ?? require("node:vm");
  shared.Script = WatchedScript;
  const { runInThisContext } = shared;
  shared.runInThisContext = function (code, options) {
    noteTransformed(fileNameIn(options), code);
    return runInThisContext.call(this, code, options);
  };

  function watched(run: unknown): ModuleFunction {
    return function (this: unknown, module, ...rest) {
      const result = (run as ModuleFunction).call(this, module, ...rest);
      if (typeof module.exports === "object" && module.exports !== null) listener(module.exports);
      return result;
    };
  }
}
