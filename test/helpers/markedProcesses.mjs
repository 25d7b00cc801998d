import { readdirSync, readFileSync } from "node:fs";

/** Set for everything that a guard starts; inherited, so it also finds what has left the group. */
export const markVariable = "LAYERSCOPE_GUARD_MARK";

/**
 * Processes that carry the mark. Linux only: elsewhere the process group has to do.
 * @param {string | undefined} mark
 * @param {string} variable
 */
export function markedProcesses(mark = process.env[markVariable], variable = markVariable) {
  if (process.platform !== "linux" || !mark) return [];
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(`${variable}=${mark}`);
    } catch {
      return false; // ended, or another user's
    }
  });
}
