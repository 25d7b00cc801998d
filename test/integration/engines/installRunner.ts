import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { EngineError } from "../../../src/engines/engineError.js";
import type { EngineSpec } from "../../../src/engines/engineSpec.js";
import { installManagedEngine } from "../../../src/engines/install.js";

/**
 * Installs in a process that can be killed. Arguments: the spec's file, Node's path, `force` or nothing. Prints one
 * JSON line per report and one for the end; the line `cancel` on stdin cancels.
 */
const [specPath, node, force] = process.argv.slice(2);
if (specPath === undefined || node === undefined) throw new Error("got no spec or no node, wanted both");
const spec = JSON.parse(readFileSync(specPath, "utf8")) as EngineSpec;
const controller = new AbortController();
process.stdin.once("data", () => controller.abort()).unref();
const print = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);

installManagedEngine({
  spec,
  node,
  force: force === "force",
  signal: controller.signal,
  onProgress: (progress) => print({ progress }),
  verify: async (packageFolder) => {
    const script = "process.exit(require(process.argv[1]).answer() === 42 ? 0 : 1)";
    execFileSync(process.execPath, ["-e", script, packageFolder], { stdio: "pipe" });
  },
}).then(
  (result) => print({ outcome: result.outcome, folder: result.engine.folder, manifest: result.engine.manifest }),
  (error: unknown) => {
    if (error instanceof EngineError) print({ code: error.code, message: error.message });
    else print({ code: "unexpected", message: error instanceof Error ? (error.stack ?? "") : String(error) });
  },
);
