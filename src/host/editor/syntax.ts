import { tsPlugin } from "@sveltejs/acorn-typescript";
import { type CallExpression, type NewExpression, type Node, type Options, Parser, type Program } from "acorn";

const typescript = Parser.extend(tsPlugin());

const tolerant = {
  ecmaVersion: "latest",
  locations: true,
  allowHashBang: true,
  allowAwaitOutsideFunction: true,
  allowImportExportEverywhere: true,
  allowReturnOutsideFunction: true,
  allowSuperOutsideMethod: true,
} as const satisfies Partial<Options>;

/** The program, or null for text that is not (yet) valid: whoever asks then says nothing. */
export function parseScript(text: string, isTypeScript: boolean): Program | null {
  const attempts: (() => Program)[] = isTypeScript
    ? [() => typescript.parse(text, { ...tolerant, sourceType: "module" })]
    : [
        () => Parser.parse(text, { ...tolerant, sourceType: "module" }),
        () => Parser.parse(text, { ...tolerant, sourceType: "script" }),
        () => typescript.parse(text, { ...tolerant, sourceType: "module" }),
      ];
  for (const attempt of attempts) {
    try {
      return attempt();
    } catch {
      // The next reading of the text, if there is one.
    }
  }
  return null;
}

/** Every node below and including `root`, parents first. */
export function* nodesOf(root: Node): Generator<Node> {
  const waiting: Node[] = [root];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    yield node;
    for (const value of Object.values(node).reverse()) {
      if (isNode(value)) waiting.push(value);
      else if (Array.isArray(value)) for (const item of value.slice().reverse()) if (isNode(item)) waiting.push(item);
    }
  }
}

function isNode(value: unknown): value is Node {
  return (
    typeof value === "object" && value !== null && "type" in value && typeof value.type === "string" && "start" in value
  );
}

export function isCall(node: Node): node is CallExpression {
  return node.type === "CallExpression";
}

export function isNew(node: Node): node is NewExpression {
  return node.type === "NewExpression";
}

/** `fit` of `model.fit(…)`; null for anything else. */
export function methodName(call: CallExpression): string | null {
  const { callee } = call;
  if (callee.type !== "MemberExpression" || callee.computed || callee.property.type !== "Identifier") return null;
  return callee.property.name;
}
