import { existsSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import type { LoadingModule, ModuleSystem } from "./moduleSystem.js";
import { packageOf } from "./packageCopies.js";

const packagePattern = /^@tensorflow\/(tfjs(?:-[\w-]+)?)$/;
const bundledCoreMarker = Symbol.for("layerscope.bundledCore");

type Engine = "embedded" | "native";

const oldestVersions: Readonly<Record<Engine, readonly [major: number, minor: number]>> = {
  // Backends count references to their tensors since then.
  embedded: [3, 1],
  // One-hot says since then of which type it is to be.
  native: [3, 19],
};

/** Whether a copy is of a version that an engine of ours cannot run under. */
export function isTooOld(file: string, engine: Engine = "embedded"): boolean {
  const [major = 0, minor = 0] = (packageOf(file)?.version ?? "").split(".").map(Number);
  const [oldestMajor, oldestMinor] = oldestVersions[engine];
  return major < oldestMajor || (major === oldestMajor && minor < oldestMinor);
}

/** Finds copies of TensorFlow.js packages: the project's own, and the ones bundled with us. */
export class PackageFinder {
  /** Where packages that we supply look for the project's copies of the others: where they were themselves asked for. */
  readonly #projectFolders: string[] = [];
  /** Folders of packages that we supply. */
  readonly #carriers: string[];
  readonly #found = new Map<string, string>();

  constructor(
    private readonly embeddedFolder: string,
    private readonly search: ModuleSystem["_resolveFilename"],
  ) {
    this.#carriers = [embeddedFolder];
    const main = process.argv[1];
    if (main !== undefined) this.#projectFolders.push(dirname(main));
  }

  /** `tfjs-core` for `@tensorflow/tfjs-core`; null for anything but a TensorFlow.js package's main file. */
  packageName(request: string): string | null {
    return packagePattern.exec(request)?.[1] ?? null;
  }

  addCarrier(folder: string): void {
    this.#carriers.push(folder);
  }

  addProject(folder: string): void {
    if (this.#projectFolders[0] !== folder) this.#projectFolders.unshift(folder);
  }

  /** Whether a module belongs to what we supply. */
  isSupplied(parent: LoadingModule | null | undefined): boolean {
    const file = parent?.filename;
    return file ? this.#carriers.some((folder) => file.startsWith(folder + sep)) : false;
  }

  findOwn(request: string, parent: LoadingModule | null | undefined, extra?: object): string | null {
    const asker = parent?.filename;
    const paths = asker && !this.isSupplied(parent) ? [dirname(asker)] : this.#projectFolders;
    if (paths !== this.#projectFolders) this.addProject(paths[0] as string);
    try {
      const file = this.search(request, extra === undefined ? null : parent, false, extra ?? { paths });
      this.#found.set(request, file);
      return file;
    } catch {
      return null;
    }
  }

  /** Our own copy of a package; null where there is none. */
  bundled(name: string): string | null {
    const file = join(this.embeddedFolder, "@tensorflow", name === "tfjs-node-gpu" ? "tfjs-node" : name, "index.cjs");
    if (!existsSync(file)) return null;
    this.#found.set(`@tensorflow/${name}`, file);
    return file;
  }

  /** Why the project's tfjs-core cannot carry an engine; null where it can, or where it is not known. */
  coreTrouble(engine: Engine = "embedded"): string | null {
    const file = this.#found.get("@tensorflow/tfjs-core");
    if (file === undefined || !isTooOld(file, engine)) return null;
    const wanted = oldestVersions[engine].join(".");
    return `TensorFlow.js ${packageOf(file)?.version} of this project is too old for the ${engine} engine, which needs ${wanted}`;
  }

  /** Whether the tfjs-core that runs is our own copy: it says so itself, since Node's hook thread may have chosen it. */
  isBundledCore(): boolean {
    return bundledCoreMarker in globalThis;
  }

  /** Versions of the packages handed out so far. */
  versions(): Record<string, string> {
    const versions: Record<string, string> = {};
    for (const [name, file] of this.#found) {
      const copy = packageOf(file);
      if (copy !== null) versions[name] = copy.version;
    }
    return versions;
  }
}
