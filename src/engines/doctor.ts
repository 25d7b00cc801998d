import { existsSync } from "node:fs";
import { join } from "node:path";
import { engineSpec } from "./engineSpec.js";
import { inspectNode, type NodeFacts } from "./inspectNode.js";
import { inspectManagedEngine } from "./managed.js";
import { type ProjectEngine, tryProjectEngine } from "./projectEngine.js";
import type { ProcessOptions } from "./runProcess.js";
import { findTfjsCopies, ownCopy, type TfjsCopy } from "./tfjsCopies.js";
import { verifyManagedEngine } from "./verifyEngine.js";

export type EngineName = "project" | "managed" | "embedded" | "javascript";

export interface EngineVerdict {
  readonly name: EngineName;
  /** For people. */
  readonly title: string;
  readonly usable: boolean;
  /** One sentence: why it can or cannot be used. */
  readonly reason: string;
  /** The one thing to do next; null where nothing needs to be done. */
  readonly action: string | null;
}

export interface DoctorReport {
  /** A script of this folder can be trained, natively or on the embedded engine. */
  readonly ok: boolean;
  readonly node: {
    readonly path: string;
    readonly version: string | null;
    readonly usable: boolean;
    readonly reason: string;
    readonly action: string | null;
  };
  /** What a script that loads tfjs-node gets with `--engine auto`. */
  readonly chosen: EngineName | null;
  readonly engines: readonly EngineVerdict[];
  readonly tfjs: readonly TfjsCopy[];
  /** What else is odd: several versions of one package, say. */
  readonly notes: readonly string[];
}

export interface DoctorOptions {
  readonly cwd: string;
  /** Path of the Node that trains. */
  readonly node?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
  /** Folder of the embedded engine's files. */
  readonly embeddedFolder?: string;
}

const oldestNode = 20;
const noNode = "Node cannot run.";

/** Looks at everything that a training in `cwd` depends on. Loads the project's tfjs-node, if any, in a process of its own. */
export async function doctor(options: DoctorOptions): Promise<DoctorReport> {
  const path = options.node ?? process.execPath;
  const env = options.env ?? process.env;
  const run: ProcessOptions = { env, signal: options.signal ?? new AbortController().signal, cwd: options.cwd };
  const facts = await inspectNode(path, run);
  const node = nodeVerdict(path, facts);
  const tfjs = findTfjsCopies(options.cwd);
  const own =
    ownCopy(tfjs, "@tensorflow/tfjs-node", options.cwd) ?? ownCopy(tfjs, "@tensorflow/tfjs-node-gpu", options.cwd);
  const engines = [
    projectVerdict(node.usable ? await tryProjectEngine(own, path, run) : null),
    await managedVerdict(node.usable, path, run),
    embeddedVerdict(facts, node.usable, options.embeddedFolder ?? join(__dirname, "embedded")),
    javascriptVerdict(node.usable, tfjs),
  ];
  const chosen = engines.find(({ usable }) => usable)?.name ?? null;
  const ok = engines.some(({ name, usable }) => usable && name !== "javascript");
  return { ok, node, chosen, engines, tfjs, notes: duplicateNotes(tfjs) };
}

function nodeVerdict(path: string, facts: NodeFacts | string): DoctorReport["node"] {
  if (typeof facts === "string") {
    return {
      path,
      version: null,
      usable: false,
      reason: `Node cannot run: ${facts}.`,
      action: "Install Node 20 or newer.",
    };
  }
  const { version, major, platform, arch } = facts;
  if (major < oldestNode) {
    return {
      path,
      version,
      usable: false,
      reason: `Node ${version} is too old; Layerscope needs Node ${oldestNode} or newer.`,
      action: `Install Node ${oldestNode} or newer, or name one (\`--node PATH\`, setting layerscope.node).`,
    };
  }
  return { path, version, usable: true, reason: `Node ${version} on ${platform}-${arch}.`, action: null };
}

function projectVerdict(engine: ProjectEngine | null): EngineVerdict {
  const base = { name: "project", title: "the project's own tfjs-node" } as const;
  if (engine === null) return { ...base, usable: false, reason: noNode, action: null };
  const install =
    "`layerscope engine install` brings a native engine that takes its place, without a change to the project.";
  switch (engine.state) {
    case "works":
      return { ...base, usable: true, reason: `${label(engine.copy)} loads and computes.`, action: null };
    case "absent":
      return { ...base, usable: false, reason: "tfjs-node is not installed in this folder or above it.", action: null };
    case "noAddon":
      return {
        ...base,
        usable: false,
        reason: `${label(engine.copy)} has no native addon: its install script did not run, or could not download it (its storage host has answered 403 since August 2026).`,
        action: install,
      };
    case "broken":
      return {
        ...base,
        usable: false,
        reason: `${label(engine.copy)} does not load: ${engine.reason}.`,
        action: install,
      };
  }
}

async function managedVerdict(nodeUsable: boolean, node: string, run: ProcessOptions): Promise<EngineVerdict> {
  const base = { name: "managed", title: "the managed native engine" } as const;
  if (!nodeUsable) return { ...base, usable: false, reason: noNode, action: null };
  const found = inspectManagedEngine(run.env);
  const install = "Run `layerscope engine install` (in VS Code: Layerscope: Set Up tfjs-node).";
  switch (found.state) {
    case "absent": {
      if (engineSpec().wheel) return { ...base, usable: false, reason: "It is not installed.", action: install };
      const target = `${process.platform}-${process.arch}`;
      return {
        ...base,
        usable: false,
        reason: `It is not installed, and for ${target} it can only come from tfjs-node's own download.`,
        action: install,
      };
    }
    case "damaged":
      return {
        ...base,
        usable: false,
        reason: `It is damaged: ${found.reason}.`,
        action: `${install} It makes it anew.`,
      };
    case "installed":
      try {
        await verifyManagedEngine({ node, env: run.env, signal: run.signal });
        const { versions } = found.engine.manifest;
        const reason = `tfjs-node ${versions["tfjs-node"]} with TensorFlow ${versions.tensorflow} trains a test network with the right numbers.`;
        return { ...base, usable: true, reason, action: null };
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        return { ...base, usable: false, reason, action: "Run `layerscope engine install --force`." };
      }
  }
}

function embeddedVerdict(facts: NodeFacts | string, nodeUsable: boolean, folder: string): EngineVerdict {
  const base = { name: "embedded", title: "the embedded engine (WebAssembly)" } as const;
  if (!nodeUsable || typeof facts === "string") return { ...base, usable: false, reason: noNode, action: null };
  const missing = ["main.cjs", "tfjs-backend-wasm-simd.wasm"].filter((file) => !existsSync(join(folder, file)));
  if (missing.length > 0) {
    const reason = `${missing.join(" and ")} ${missing.length > 1 ? "are" : "is"} missing in ${folder}.`;
    return { ...base, usable: false, reason, action: "Install Layerscope again." };
  }
  if (!facts.simd) {
    const reason = `Node ${facts.version} on ${facts.arch} has no WebAssembly SIMD.`;
    return { ...base, usable: false, reason, action: "Use another Node, or a processor with SSE4.1 or NEON." };
  }
  return { ...base, usable: true, reason: "It comes with Layerscope and needs nothing else.", action: null };
}

function javascriptVerdict(nodeUsable: boolean, copies: readonly TfjsCopy[]): EngineVerdict {
  const base = { name: "javascript", title: "plain JavaScript" } as const;
  if (!nodeUsable) return { ...base, usable: false, reason: noNode, action: null };
  const copy = copies.find(
    ({ package: name }) => name === "@tensorflow/tfjs" || name === "@tensorflow/tfjs-backend-cpu",
  );
  if (!copy)
    return {
      ...base,
      usable: false,
      reason: "@tensorflow/tfjs is not installed in this folder or above it.",
      action: null,
    };
  return {
    ...base,
    usable: true,
    reason: `${label(copy)} works everywhere, dozens of times slower than the others.`,
    action: "Train with `--engine native` or `--engine embedded` instead.",
  };
}

function label(copy: TfjsCopy): string {
  return `${copy.package} ${copy.version}`;
}

function duplicateNotes(copies: readonly TfjsCopy[]): readonly string[] {
  const cores = copies.filter(({ package: name }) => name === "@tensorflow/tfjs-core");
  const versions = [...new Set(cores.map(({ version }) => version))];
  if (versions.length < 2) return [];
  const places = cores.map(({ version, path }) => `${version} in ${path}`).join(", ");
  return [
    `There are several versions of @tensorflow/tfjs-core (${places}): models of one do not work with another. Align them in package.json.`,
  ];
}
