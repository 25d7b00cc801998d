import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { BackendOptions } from "../../protocol/options.js";
import type { EngineInfo } from "../../run/format.js";
import { type LoadingModule, moduleSystem } from "./moduleSystem.js";
import { addonOf, packageOf } from "./packageCopies.js";

type Resolve = (request: string, parent?: LoadingModule | null) => string;

const embeddedFolder = join(__dirname, "embedded");
const packagePattern = /^@tensorflow\/(tfjs(?:-[\w-]+)?)$/;

/** Why the process runs on what it runs on; the last decision stands. */
let reason = "the script has not loaded TensorFlow.js";
let installed = false;
/** Where a bundled package looks for the project's own copies of the others: where it was itself asked for. */
const projectFolders: string[] = [];

/**
 * Makes `require` and `import` of TensorFlow.js packages succeed and prepares the chosen engine. Called before the
 * user's script; costs nothing until a TensorFlow.js package is asked for.
 */
export function installEngine(options: BackendOptions): void {
  if (installed) return;
  installed = true;
  const original = moduleSystem._resolveFilename;
  moduleSystem._resolveFilename = function (this: unknown, request, parent, isMain, extra) {
    const name = packagePattern.exec(request)?.[1];
    const plain: Resolve = (asked, from) => {
      if (!name || !from?.filename?.startsWith(embeddedFolder)) return original.call(this, asked, from, isMain, extra);
      return original.call(this, asked, null, false, { paths: projectFolders });
    };
    return name ? resolveTensorflow(name, request, parent, plain, options) : plain(request, parent);
  };
}

function resolveTensorflow(
  name: string,
  request: string,
  parent: LoadingModule | null | undefined,
  plain: Resolve,
  options: BackendOptions,
): string {
  if (parent?.filename && !parent.filename.startsWith(embeddedFolder)) projectFolders.unshift(dirname(parent.filename));
  const own = attempt(() => plain(request, parent));
  if (name === "tfjs-node" || name === "tfjs-node-gpu") {
    const copy = own ? packageOf(own) : null;
    if (own && copy && options.engine !== "embedded" && addonOf(copy)) return own;
    reason = copy
      ? `the native addon of ${copy.name} ${copy.version} in ${copy.folder} is missing`
      : `${request} is not installed`;
    return bundled("tfjs-node");
  }
  if (own) return own;
  if (existsSync(bundled(name))) return bundled(name);
  return plain(request, parent);
}

function bundled(name: string): string {
  return join(embeddedFolder, "@tensorflow", name, "index.cjs");
}

function attempt(find: () => string): string | null {
  try {
    return find();
  } catch {
    return null;
  }
}

/** What computes now, for run.json. Called at the first training step or later. */
export function describeEngine(): EngineInfo {
  const engine = (globalThis as { _tfengine?: { backendName: string | null } })._tfengine;
  return { name: engine?.backendName ?? "none", reason, versions: {} };
}
