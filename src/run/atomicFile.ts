import { renameSync, rmSync, writeFileSync } from "node:fs";

/** Replaces a file so that a reader, or a crash, sees the old or the new content and nothing between. */
export function writeFileAtomic(path: string, content: string | Uint8Array): void {
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, content);
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
