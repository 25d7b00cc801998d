import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

const specifierPattern = /(?:\bfrom|\bimport)\s*\(?\s*(["'])([^"'\n]+)\1/g;
const packagePattern = /^@tensorflow\/tfjs[\w-]*$/;
const fileLimit = 40;
const extensions = ["", ".js", ".mjs", ".cjs", ".ts", ".mts", "/index.js"];

/**
 * TensorFlow.js packages that a script and the files it imports by path ask for by `import`, and that are not
 * installed where they would be looked for. Reads, does not run; what is put together at run time is not seen.
 */
export function missingImports(script: string): ReadonlySet<string> {
  const missing = new Set<string>();
  const queue = [script];
  for (let index = 0; index < queue.length && index < fileLimit; index++) {
    const file = queue[index] as string;
    const folder = dirname(file);
    for (const [, , specifier = ""] of read(file).matchAll(specifierPattern)) {
      if (packagePattern.test(specifier)) {
        if (!isInstalled(specifier, folder)) missing.add(specifier);
      } else if (specifier.startsWith("./") || specifier.startsWith("../")) {
        const next = extensions.map((extension) => resolve(folder, specifier + extension)).find(isFile);
        if (next !== undefined && !queue.includes(next)) queue.push(next);
      }
    }
  }
  return missing;
}

function isInstalled(name: string, from: string): boolean {
  for (let folder = from; ; folder = dirname(folder)) {
    if (existsSync(join(folder, "node_modules", name))) return true;
    if (folder === dirname(folder)) return false;
  }
}

function isFile(path: string): boolean {
  return read(path) !== "";
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
