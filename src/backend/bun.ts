import { Module } from "node:module";

/** The part of Bun's own interface that serves in place of what it lacks of Node's module system. */
interface Bun {
  plugin(plugin: {
    readonly name: string;
    setup(build: {
      onLoad(
        files: { readonly filter: RegExp },
        load: (file: { readonly path: string }) => { readonly exports: object; readonly loader: "object" },
      ): void;
    }): void;
  }): void;
}

type Extensions = Record<string, (module: Module, file: string) => void>;

/** Null in Node. */
const bun = (globalThis as { readonly Bun?: Bun }).Bun ?? null;

/** Bun compiles without `_compile`, and asks the extension's function only for what is required. */
export function onBunModule(listener: (file: string, exports: unknown) => void): void {
  const { _extensions: extensions } = Module as unknown as { readonly _extensions: Extensions };
  const load = extensions[".js"];
  if (bun === null || load === undefined) return;
  extensions[".js"] = (module, file) => {
    load(module, file);
    listener(file, module.exports);
  };
}

/** What `import` in Bun is to get in place of each file whose path fits. */
export function replaceInBun(filter: RegExp, exportsFor: (path: string) => object): void {
  bun?.plugin({
    name: "layerscope",
    setup(build) {
      build.onLoad({ filter }, ({ path }) => {
        const exports = exportsFor(path);
        return { exports: { ...exports, default: exports }, loader: "object" };
      });
    },
  });
}
