import * as nodeModule from "node:module";

/** What Node's CommonJS loader calls for each `require`: undocumented, steady since Node 0.x, patched by many. */
export interface LoadingModule {
  readonly filename?: string | null;
}

export interface CommonModule {
  id: string;
  filename: string;
  loaded: boolean;
  paths: readonly string[];
  exports: unknown;
}

interface ResolveHookContext {
  readonly parentURL?: string;
}

interface ResolveHookResult {
  readonly url: string;
  readonly format?: string | null;
  readonly shortCircuit?: boolean;
}

type NextResolve = (specifier: string, context: ResolveHookContext) => ResolveHookResult;

export interface ModuleSystem {
  _resolveFilename(
    request: string,
    parent?: LoadingModule | null,
    isMain?: boolean,
    options?: { readonly paths?: readonly string[] },
  ): string;
  _nodeModulePaths(folder: string): readonly string[];
  readonly _cache: Record<string, CommonModule>;
  readonly prototype: { _compile(content: string, filename: string, ...rest: unknown[]): unknown };
  new (id: string): CommonModule;
  /** Synchronous, in this thread; from Node 22.15 on. */
  registerHooks?(hooks: {
    resolve(specifier: string, context: ResolveHookContext, next: NextResolve): ResolveHookResult;
  }): void;
  /** In a thread of its own; from Node 20.6 on. */
  register?(specifier: string, options: { parentURL: string; data?: unknown }): void;
}

export const moduleSystem = nodeModule.Module as unknown as ModuleSystem;
