import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { compatibilityShim } from "./compatibilityShim.js";
import { lastLines, type ProcessOptions, runProcess } from "./runProcess.js";
import type { TfjsCopy } from "./tfjsCopies.js";

/** What came of loading a project's own tfjs-node. */
export type ProjectEngine =
  | { readonly state: "works"; readonly copy: TfjsCopy }
  | { readonly state: "noAddon"; readonly copy: TfjsCopy }
  | { readonly state: "broken"; readonly copy: TfjsCopy; readonly reason: string }
  | { readonly state: "absent" };

const script = `
${compatibilityShim}
const tf = require(process.argv[1]);
tf.add(tf.scalar(1), tf.scalar(1)).dataSync();
process.stdout.write("LAYERSCOPE " + tf.getBackend());
`;

/**
 * Loads the project's tfjs-node in a process of its own, for a broken addon can end the process that loads it. Runs
 * the project's code: not for a workspace that is not trusted.
 */
export async function tryProjectEngine(
  copy: TfjsCopy | null,
  node: string,
  run: ProcessOptions,
): Promise<ProjectEngine> {
  if (copy === null) return { state: "absent" };
  if (!hasAddon(copy.path)) return { state: "noAddon", copy };
  const outcome = await runProcess(node, ["-e", script, copy.path], {
    ...run,
    env: { ...run.env, TF_CPP_MIN_LOG_LEVEL: "2" },
    timeoutMs: 60_000,
  });
  if (/LAYERSCOPE tensorflow/.test(outcome.stdout)) return { state: "works", copy };
  if (outcome.timedOut) return { state: "broken", copy, reason: "it did not load within 60 s" };
  const message = /^(?:\w*Error): (.*)$/m.exec(outcome.stderr)?.[1];
  return { state: "broken", copy, reason: message ?? (lastLines(outcome, 2) || "its process was ended by a signal") };
}

function hasAddon(folder: string): boolean {
  const library = join(folder, "lib");
  if (!existsSync(library)) return false;
  return readdirSync(library).some((name) => existsSync(join(library, name, "tfjs_binding.node")));
}
