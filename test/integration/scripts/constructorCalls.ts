import { readFileSync } from "node:fs";
import { nodesOf, parseScript } from "../../../src/host/editor/syntax.js";
import type { LayerInfo } from "../../../src/run/format.js";

/** What a parser of its own finds at the place that Layerscope names for a layer: does this expression make one of its class? */
export function isConstructorCall(layer: LayerInfo): boolean {
  const { source, className } = layer;
  if (source === null) return false;
  return calledAt(source.file, source.line, source.column).some((name) => plain(name) === plain(className));
}

/** `conv2d` makes a Conv2D, `new Range_` a Range. */
function plain(name: string): string {
  return name.replaceAll("_", "").toLowerCase();
}

/** The names of what is called or constructed at a 1-based position. */
function calledAt(file: string, line: number, column: number): readonly string[] {
  const text = readFileSync(file, "utf8");
  const program = parseScript(text, /\.[cm]?ts$/.test(file));
  if (program === null) throw new Error(`${file} cannot be parsed`);
  const lineStart = text
    .split("\n")
    .slice(0, line - 1)
    .reduce((length, part) => length + part.length + 1, 0);
  const offset = lineStart + column - 1;
  const names: string[] = [];
  for (const node of nodesOf(program)) {
    if (node.type !== "CallExpression" && node.type !== "NewExpression") continue;
    const { callee } = node as unknown as { readonly callee: Callee };
    const name = callee.type === "MemberExpression" ? callee.property : callee;
    // A member call is at its property, or at its start where a source map was made from that.
    const places = [node.type === "NewExpression" ? node.start : name.start, node.start];
    if (name.name !== undefined && places.includes(offset)) names.push(name.name);
  }
  return names;
}

interface Named {
  readonly start: number;
  readonly name?: string;
}

type Callee = Named & { readonly type: string; readonly property: Named };
