import { Module } from "node:module";
import { onBunModule } from "./bun.js";
import { noteTransformed, onRealmModule } from "./realmWatch.js";

interface CompilableModule {
  exports: unknown;
  _compile(content: string, filename: string, ...rest: unknown[]): unknown;
}

const tensorflowFile = /[\\/]@tensorflow[\\/]tfjs(?:-core|-layers|-node|-node-gpu)?[\\/]/;

const packageFile = /[\\/]node_modules[\\/]/;

/**
 * Calls `listener` with the exports of each TensorFlow.js file once it has run, before anybody else has them.
 * `_compile` is where every CommonJS file passes, whether `require` or an ES module's `import` asked for it.
 */
export function onTensorflowModule(listener: (exports: object) => void): void {
  const hasRun = (file: string, exports: unknown): void => {
    if (tensorflowFile.test(file) && typeof exports === "object" && exports !== null) listener(exports);
  };
  onRealmModule((file) => tensorflowFile.test(file), listener);
  const prototype = Module.prototype as unknown as CompilableModule;
  const original = prototype._compile;
  prototype._compile = function (this: CompilableModule, content, filename, ...rest) {
    if (!packageFile.test(filename)) noteTransformed(filename, content);
    const result = original.call(this, content, filename, ...rest);
    hasRun(filename, this.exports);
    return result;
  };
  onBunModule(hasRun);
}
