import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

const prefix = "layerscope-tests-";

/** Whatever tests and the processes that they start leave in the system's temporary folder is gone after the run. */
export function setup() {
  // Each project of a run sets up: one folder is enough, and paths of sockets may not become long.
  if (basename(tmpdir()).startsWith(prefix)) return undefined;
  const folder = realpathSync(mkdtempSync(join(tmpdir(), prefix)));
  process.env.TMPDIR = folder;
  return () => rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}
