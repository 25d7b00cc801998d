import { closeSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";

/** Replaces a file so that a reader, or a crash, sees the old or the new content and nothing between. */
export function writeFileAtomic(path: string, ...parts: readonly (string | Uint8Array)[]): void {
  const temporary = `${path}.${process.pid}.tmp`;
  const file = openSync(temporary, "w");
  try {
    for (const part of parts) writeFileSync(file, part);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
  for (let attempt = 0; ; attempt++) {
    try {
      renameSync(temporary, path);
      return;
    } catch (error) {
      // Windows refuses to replace a file while another process reads it.
      const code = (error as NodeJS.ErrnoException).code;
      if (attempt < 5 && (code === "EPERM" || code === "EBUSY" || code === "EACCES")) continue;
      rmSync(temporary, { force: true });
      throw error;
    }
  }
}
