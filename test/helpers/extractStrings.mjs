// node test/helpers/extractStrings.mjs: writes l10n/bundle.l10n.json, every text of the extension that can be translated.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { tsPlugin } from "@sveltejs/acorn-typescript";
import { Parser } from "acorn";

const root = fileURLToPath(new URL("../..", import.meta.url));
export const bundleFile = join(root, "l10n/bundle.l10n.json");
const parser = Parser.extend(tsPlugin());

/** @typedef {import("acorn").Node & Record<string, unknown>} AnyNode */

/**
 * @param {unknown} value
 * @returns {Generator<AnyNode>}
 */
function* nodesOf(value) {
  if (Array.isArray(value)) for (const item of value) yield* nodesOf(item);
  if (typeof value !== "object" || value === null || !("type" in value)) return;
  const node = /** @type {AnyNode} */ (value);
  yield node;
  for (const child of Object.values(node)) yield* nodesOf(child);
}

/** @param {string} file */
function parse(file) {
  return parser.parse(readFileSync(file, "utf8"), { ecmaVersion: "latest", sourceType: "module", locations: true });
}

/** The first argument of `t("…")` and `vscode.l10n.t("…")`. @param {string} file */
function hostStrings(file) {
  const found = [];
  for (const node of nodesOf(parse(file))) {
    if (node.type !== "CallExpression") continue;
    const callee = /** @type {AnyNode} */ (node.callee);
    const property = /** @type {AnyNode | undefined} */ (callee.property);
    if (callee.name !== "t" && property?.name !== "t") continue;
    const [first] = /** @type {AnyNode[]} */ (node.arguments);
    if (typeof first?.value !== "string") {
      const { line } = /** @type {import("acorn").SourceLocation} */ (node.loc).start;
      throw new Error(`${file}:${line}: a text that can be translated is one string literal.`);
    }
    found.push(first.value);
  }
  return found;
}

/** The values of the table `strings`. */
function webviewStrings() {
  const program = parse(join(root, "webview/shared/strings.ts"));
  const found = [];
  for (const node of nodesOf(program)) {
    const value = /** @type {AnyNode | undefined} */ (node.value);
    if (node.type === "Property" && typeof value?.value === "string") found.push(value.value);
  }
  return found;
}

/** Every text, sorted, as VS Code wants its bundle. */
export function extractStrings() {
  const host = join(root, "src/host");
  const files = readdirSync(host, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
  const texts = [...files.map((file) => join(host, file)).flatMap(hostStrings), ...webviewStrings()];
  return Object.fromEntries([...new Set(texts)].sort().map((text) => [text, text]));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(dirname(bundleFile), { recursive: true });
  writeFileSync(bundleFile, `${JSON.stringify(extractStrings(), null, 2)}\n`);
}
