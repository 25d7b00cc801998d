import type { CallExpression, Node, Program } from "acorn";
import { isCall, methodName, nodesOf, parseScript } from "./syntax.js";

export interface TrainingCall {
  /** 0-based. */
  readonly line: number;
  /** 0-based. */
  readonly column: number;
  readonly method: string;
}

const optionNames = new Set([
  "epochs",
  "batchesPerEpoch",
  "batchSize",
  "validationSplit",
  "validationData",
  "callbacks",
]);

/** Where a script trains a TensorFlow.js model, one call a line. Null: the text cannot be parsed now. */
export function trainingCalls(text: string, isTypeScript: boolean): TrainingCall[] | null {
  if (!/fit|minimize|applyGradients|trainOnBatch/.test(text)) return [];
  const program = parseScript(text, isTypeScript);
  if (program === null) return null;
  const loads = loadsTensorFlow(program);
  const byLine = new Map<number, TrainingCall>();
  for (const node of nodesOf(program)) {
    if (!isCall(node) || node.loc == null) continue;
    const method = methodName(node);
    if (method === null || !trains(method, node, loads)) continue;
    const line = node.loc.start.line - 1;
    if (!byLine.has(line)) byLine.set(line, { line, column: node.loc.start.column, method });
  }
  return [...byLine.values()];
}

function trains(method: string, call: CallExpression, loads: boolean): boolean {
  switch (method) {
    case "fit":
      return call.arguments.length >= 2 && (loads || hasTrainingOptions(call.arguments[2]));
    case "fitDataset":
      return loads || hasTrainingOptions(call.arguments[1]);
    case "trainOnBatch":
      return loads && call.arguments.length === 2;
    case "minimize":
    case "applyGradients":
      return loads && call.arguments.length >= 1;
    default:
      return false;
  }
}

/** A script that gets its model from another file does not load TensorFlow.js itself; the options tell. */
function hasTrainingOptions(argument: Node | undefined): boolean {
  if (argument?.type !== "ObjectExpression" || !("properties" in argument)) return false;
  return (argument.properties as Node[]).some((property) => {
    if (property.type !== "Property" || !("key" in property)) return false;
    const key = property.key as Node & { name?: string; value?: unknown };
    return optionNames.has(key.name ?? String(key.value));
  });
}

function loadsTensorFlow(program: Program): boolean {
  for (const node of nodesOf(program)) {
    const source = loadedModule(node);
    if (source !== null && /^@tensorflow\/tfjs(-|$|\/)/.test(source)) return true;
  }
  return false;
}

function loadedModule(node: Node): string | null {
  const literal = (value: unknown): string | null =>
    typeof value === "object" && value !== null && "value" in value && typeof value.value === "string"
      ? value.value
      : null;
  if (node.type === "ImportDeclaration" || node.type === "ImportExpression" || node.type === "ExportNamedDeclaration") {
    return literal((node as Node & { source?: unknown }).source);
  }
  if (node.type === "TSExternalModuleReference") return literal((node as Node & { expression?: unknown }).expression);
  if (!isCall(node) || node.callee.type !== "Identifier" || node.callee.name !== "require") return null;
  return literal(node.arguments[0]);
}
