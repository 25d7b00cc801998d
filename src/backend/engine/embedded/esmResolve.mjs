// Resolution hook for Nodes without `registerHooks`; runs in Node's hook thread, copied to dist/embedded as it is.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const pattern = /^@tensorflow\/(tfjs(?:-[\w-]+)?)$/;

/** @type {import("node:module").ResolveHook} */
export async function resolve(specifier, context, next) {
  try {
    return await next(specifier, context);
  } catch (error) {
    const name = pattern.exec(specifier)?.[1]?.replace(/^tfjs-node-gpu$/, "tfjs-node");
    const file = name === "tfjs-node" ? "import.cjs" : "index.cjs";
    const url = name && new URL(`./@tensorflow/${name}/${file}`, import.meta.url);
    if (!url || !existsSync(fileURLToPath(url))) throw error;
    return { url: url.href, format: "commonjs", shortCircuit: true };
  }
}
