import * as nodeModule from "node:module";

/** What Node's CommonJS loader calls for each `require`; undocumented, unchanged since Node 0.x, and patched by many. */
export interface LoadingModule {
  readonly filename?: string | null;
  readonly paths?: readonly string[];
}

interface ModuleSystem {
  _resolveFilename(request: string, parent?: LoadingModule | null, isMain?: boolean, options?: object): string;
  _load(request: string, parent?: LoadingModule | null, isMain?: boolean): unknown;
}

export const moduleSystem = nodeModule.Module as unknown as ModuleSystem;
