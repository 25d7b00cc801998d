import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

export interface PackageCopy {
  /** Folder that holds package.json. */
  readonly folder: string;
  readonly name: string;
  readonly version: string;
}

/** The package that a file belongs to; null for a file outside any named package. */
export function packageOf(file: string): PackageCopy | null {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const manifest = join(folder, "package.json");
    if (existsSync(manifest)) {
      const { name, version } = JSON.parse(readFileSync(manifest, "utf8")) as { name?: string; version?: string };
      if (name && version) return { folder, name, version };
    }
    if (folder === dirname(folder)) return null;
  }
}

/** The native addon of a copy of tfjs-node, newest Node-API first; null where its install script never ran. */
export function addonOf(copy: PackageCopy): string | null {
  const library = join(copy.folder, "lib");
  if (!existsSync(library)) return null;
  const supported = Number(process.versions.napi);
  const versions = readdirSync(library)
    .map((name) => Number(/^napi-v(\d+)$/.exec(name)?.[1] ?? Number.NaN))
    .filter((version) => version <= supported)
    .sort((a, b) => b - a);
  return versions.map((version) => join(library, `napi-v${version}`, "tfjs_binding.node")).find(existsSync) ?? null;
}
