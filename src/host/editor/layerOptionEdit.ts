import type { CallExpression, NewExpression, Node, ObjectExpression } from "acorn";
import { isCall, isNew, nodesOf, parseScript } from "./syntax.js";

/** Replace `text` from offset `start` to `end` by `replacement`. */
export interface TextEdit {
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
}

export interface LayerOption {
  readonly name: string;
  /** Source text of the value. */
  readonly value: string;
}

/**
 * The edit that gives the layer made at `position` (1-based, as recorded) this option. Null where the call or its
 * options are not written there as a plain object literal: then there is no quick fix.
 */
export function layerOptionEdit(
  text: string,
  isTypeScript: boolean,
  position: { readonly line: number; readonly column: number },
  option: LayerOption,
): TextEdit | null {
  const program = parseScript(text, isTypeScript);
  const offset = offsetOf(text, position);
  if (program === null || offset === null) return null;
  const call = callAt(program, offset);
  if (call === null) return null;
  const [first] = call.arguments;
  if (first === undefined) {
    const close = call.end - 1;
    return { start: close, end: close, replacement: `{ ${option.name}: ${option.value} }` };
  }
  if (first.type !== "ObjectExpression") return null;
  return inObject(text, first, option);
}

function inObject(text: string, object: ObjectExpression, { name, value }: LayerOption): TextEdit | null {
  for (const property of object.properties) {
    if (property.type !== "Property") continue;
    const { key } = property;
    const own =
      key.type === "Identifier" && !property.computed ? key.name : key.type === "Literal" ? String(key.value) : "";
    if (own !== name) continue;
    if (property.shorthand) return { start: property.start, end: property.end, replacement: `${name}: ${value}` };
    return { start: property.value.start, end: property.value.end, replacement: value };
  }
  const last = object.properties.at(-1);
  if (last === undefined) return { start: object.start, end: object.end, replacement: `{ ${name}: ${value} }` };
  if (last.type === "SpreadElement") {
    // What is spread last would win over an option before it, so the option comes after.
    return { start: last.end, end: last.end, replacement: `, ${name}: ${value}` };
  }
  const indent = object.loc?.start.line === last.loc?.start.line ? " " : `\n${lineIndent(text, last.start)}`;
  return { start: last.end, end: last.end, replacement: `,${indent}${name}: ${value}` };
}

/** The call whose own position (method name, or `new`) is at the offset, else the smallest one around it. */
function callAt(program: Node, offset: number): CallExpression | NewExpression | null {
  let smallest: CallExpression | NewExpression | null = null;
  for (const node of nodesOf(program)) {
    if (!(isCall(node) || isNew(node)) || offset < node.start || offset >= node.end) continue;
    const { callee } = node;
    const own = isCall(node) && callee.type === "MemberExpression" ? callee.property.start : node.start;
    if (own === offset) return node;
    if (smallest === null || node.end - node.start < smallest.end - smallest.start) smallest = node;
  }
  return smallest;
}

function offsetOf(text: string, { line, column }: { readonly line: number; readonly column: number }): number | null {
  let start = 0;
  for (let at = 1; at < line; at++) {
    const end = text.indexOf("\n", start);
    if (end < 0) return null;
    start = end + 1;
  }
  return start + column - 1;
}

function lineIndent(text: string, offset: number): string {
  const start = text.lastIndexOf("\n", offset - 1) + 1;
  return /^[ \t]*/.exec(text.slice(start, offset))?.[0] ?? "";
}
