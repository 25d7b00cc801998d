import { existsSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";

/** One installed copy of a TensorFlow.js package. */
export interface TfjsCopy {
  readonly package: string;
  readonly version: string;
  /** Folder of package.json, links resolved. */
  readonly path: string;
}

const scope = join("node_modules", "@tensorflow");

/**
 * The copies that code in `cwd` and the packages it loads can meet, nearest first: `node_modules` of the folder and of
 * those above it, and of what is found there (nested ones, and pnpm's, whose neighbours lie behind links).
 */
export function findTfjsCopies(cwd: string): readonly TfjsCopy[] {
  const queue = foldersUp(cwd).map((folder) => join(folder, scope));
  const seen = new Set<string>();
  const copies = new Map<string, TfjsCopy>();
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const folder = realFolder(next);
    if (folder === null || seen.has(folder)) continue;
    seen.add(folder);
    for (const name of readdirSync(folder).sort()) {
      const copy = readCopy(join(folder, name));
      if (copy === null || copies.has(copy.path)) continue;
      copies.set(copy.path, copy);
      queue.push(join(copy.path, scope), dirname(copy.path));
    }
  }
  return [...copies.values()];
}

/** The copy that `require(name)` gives a file in `cwd`: the nearest one. */
export function ownCopy(copies: readonly TfjsCopy[], name: string, cwd: string): TfjsCopy | null {
  for (const folder of foldersUp(cwd)) {
    const path = realFolder(join(folder, "node_modules", name));
    const copy = path === null ? undefined : copies.find((candidate) => candidate.path === path);
    if (copy) return copy;
  }
  return null;
}

function foldersUp(cwd: string): readonly string[] {
  const parent = dirname(cwd);
  return parent === cwd ? [cwd] : [cwd, ...foldersUp(parent)];
}

function readCopy(folder: string): TfjsCopy | null {
  try {
    const path = realpathSync(folder);
    const value: unknown = JSON.parse(readFileSync(join(path, "package.json"), "utf8"));
    const { name, version } = value as { name?: unknown; version?: unknown };
    if (typeof name !== "string" || typeof version !== "string" || !name.startsWith("@tensorflow/tfjs")) return null;
    return { package: name, version, path };
  } catch {
    return null;
  }
}

function realFolder(path: string): string | null {
  try {
    return existsSync(path) ? realpathSync(path) : null;
  } catch {
    return null;
  }
}
