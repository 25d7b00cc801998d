import { existsSync, readFileSync } from "node:fs";
import { findSourceMap, SourceMap } from "node:module";
import { dirname, isAbsolute, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { SourcePosition } from "../../run/format.js";

const deepestFrames = 60;
/** Where call sites are through the source map already, and their columns those of other compilers. */
const areSitesMapped = "deno" in process.versions || "bun" in process.versions;

interface RawPosition {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/**
 * Where the code that is running was called from: the innermost frame of the user's own code.
 * Frames of packages, of Node and of Layerscope are stepped over, and so are the constructors named in
 * `constructors` (a custom layer's own `super()` call is not the place where it was made).
 * `mayBeBundle`: where no file of a package stands between, package code shares a file with the user's, and only a
 * source map can tell which is which.
 */
export function callerPosition(constructors: readonly string[], mayBeBundle: boolean): SourcePosition | null {
  let inBundle = mayBeBundle;
  for (const site of callSites()) {
    const file = site.getFileName();
    if (file && isInPackage(file)) inBundle = false;
    if (!isUserFrame(site) || isOneOf(site, constructors)) continue;
    const raw = rawPosition(site);
    if (raw === null) continue;
    const position = originalPosition(raw);
    if (position === raw && (inBundle || !isCall(raw))) return null;
    // A map may name files of the machine that made it, and code given to `node -e` is in none.
    if (!isInPackage(position.file) && existsSync(position.file)) return position;
  }
  return null;
}

/** None where the script's process has frozen Error (`--frozen-intrinsics`). */
function callSites(): readonly NodeJS.CallSite[] {
  if (Object.isFrozen(Error)) return [];
  const { prepareStackTrace, stackTraceLimit } = Error;
  try {
    Error.stackTraceLimit = deepestFrames;
    Error.prepareStackTrace = (_, sites) => sites;
    const { stack } = new Error();
    return Array.isArray(stack) ? stack : [];
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    if (prepareStackTrace === undefined) Reflect.deleteProperty(Error, "prepareStackTrace");
    else Error.prepareStackTrace = prepareStackTrace;
  }
}

function isUserFrame(site: NodeJS.CallSite): boolean {
  const file = site.getFileName();
  if (!file || file.startsWith("node:") || site.isNative()) return false;
  if (!file.startsWith("file:") && !isAbsolute(file)) return false;
  const path = plainPath(file);
  return !isInPackage(path) && !path.startsWith(__dirname);
}

function isInPackage(path: string): boolean {
  return /[\\/]node_modules[\\/]/.test(path);
}

function isOneOf(site: NodeJS.CallSite, constructors: readonly string[]): boolean {
  const name = site.getFunctionName();
  return site.isConstructor() && name !== null && constructors.includes(name);
}

function rawPosition(site: NodeJS.CallSite): RawPosition | null {
  const file = site.getFileName();
  const line = site.getLineNumber();
  const column = site.getColumnNumber();
  if (!file || line === null || column === null) return null;
  return { file: plainPath(file), line, column };
}

function plainPath(file: string): string {
  if (!file.startsWith("file:")) return file;
  try {
    return fileURLToPath(file);
  } catch {
    return file;
  }
}

const sourceMaps = new Map<string, SourceMap | null>();
let transformed: ReadonlyMap<string, string> = new Map();

/** Code that ran is not what is on disk; by file, the comment with its inline source map. */
export function knowTransformedSources(sources: ReadonlyMap<string, string>): void {
  transformed = sources;
}

/** Through the file's source map, if it names one that can be read. */
function originalPosition(raw: RawPosition): SourcePosition {
  if (areSitesMapped) return raw;
  let map = sourceMaps.get(raw.file);
  if (map === undefined) {
    map = readSourceMap(raw.file);
    sourceMaps.set(raw.file, map);
  }
  if (map === null) return raw;
  const entry = map.findEntry(raw.line - 1, raw.column - 1);
  if (!("originalSource" in entry) || typeof entry.originalSource !== "string") return raw;
  const source = plainPath(entry.originalSource);
  const root = map.payload.sourceRoot ?? "";
  return {
    file: isAbsolute(source) ? source : resolve(dirname(raw.file), root, source),
    line: entry.originalLine + 1,
    column: entry.originalColumn + 1,
  };
}

/** What V8 points at: a call's last name, what follows it where that is no name, or `new`. */
const callPattern = /^(?:new\b|[\p{L}$_#][\p{L}\p{N}$_]*\s*(?:<[^()]*>\s*)?[(`]|[(`])/u;

/** Whether what ran stands in the file: a loader that compiles ES modules tells nobody what became of their lines. */
function isCall({ file, line, column }: RawPosition): boolean {
  if (areSitesMapped) return true;
  try {
    const lines = readFileSync(file, "utf8").split("\n");
    return callPattern.test(
      lines
        .slice(line - 1)
        .join("\n")
        .slice(column - 1),
    );
  } catch {
    return false;
  }
}

/** What a loader such as tsx told Node about its transformed code, else what the file on disk names. */
function readSourceMap(file: string): SourceMap | null {
  try {
    const known = findSourceMap(file) ?? findSourceMap(pathToFileURL(file).href);
    if (known !== undefined) return known;
    const text = transformed.get(file) ?? transformed.get(pathToFileURL(file).href) ?? readFileSync(file, "utf8");
    const url = [...text.matchAll(/^\/\/[#@] sourceMappingURL=(\S+)\s*$/gm)].at(-1)?.[1];
    if (url === undefined) return null;
    const inline = /^data:application\/json[^,]*?(;base64)?,(.*)$/.exec(url);
    const json = inline
      ? Buffer.from(decodeURIComponent(inline[2] ?? ""), inline[1] === undefined ? "utf8" : "base64").toString("utf8")
      : readFileSync(resolve(dirname(file), decodeURIComponent(url)), "utf8");
    return new SourceMap(JSON.parse(json));
  } catch {
    return null;
  }
}
