import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Whatever tests and the processes that they start leave in the system's temporary folder is gone after the run. */
export function setup() {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "layerscope-tests-")));
  process.env.TMPDIR = folder;
  return () => rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}
