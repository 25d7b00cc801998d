import { constants, copyFile, link, readdir, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import type { WheelSpec } from "./engineSpec.js";

/** Wheels that are not whole yet: each attempt at a download has its folder `attempt-*` beside the whole wheels. */

const worthResumingBytes = 1_000_000;

/**
 * The longest beginning of the wheel that earlier attempts left, as this attempt's own: a copy, since a pip that
 * outlived its parent may still be writing to the original.
 */
export async function adoptPartial(wheel: WheelSpec, attempt: string, folder: string): Promise<string | null> {
  const partial = await largestPartial(wheel, folder);
  const own = join(attempt, wheel.file);
  if (partial !== null && partial !== own) {
    await rm(own, { force: true });
    await copyFile(partial, own, constants.COPYFILE_FICLONE);
  }
  const others = (await filesIn(folder)).filter((name) => name.startsWith("attempt-") && name !== basename(attempt));
  await Promise.all(others.map((name) => removeFolder(join(folder, name))));
  return partial === null ? null : own;
}

/** A second name for what pip is downloading, for pip removes its own when the connection breaks. */
export async function keepPartial(
  attempt: string,
  wheel: WheelSpec,
  found: readonly { path: string }[],
): Promise<void> {
  const temporary = join(attempt, "temporary");
  const growing = found.find(({ path }) => path.startsWith(temporary));
  const kept = join(attempt, wheel.file);
  if (growing && !found.some(({ path }) => path === kept)) await link(growing.path, kept).catch(() => undefined);
}

/** The longest beginning of the wheel that is there. */
async function largestPartial(wheel: WheelSpec, folder: string): Promise<string | null> {
  const attempts = (await filesIn(folder)).filter((name) => name.startsWith("attempt-"));
  const found = (await Promise.all(attempts.map((name) => wheelFiles(join(folder, name))))).flat();
  const candidates = found.filter(
    ({ path, bytes }) => bytes >= worthResumingBytes && bytes <= wheel.bytes && basename(path) === wheel.file,
  );
  const [largest] = candidates.sort((a, b) => b.bytes - a.bytes);
  return largest?.path ?? null;
}

/** The wheels in an attempt's folder: its own copy, pip's temporary one, pip's finished one. */
export async function wheelFiles(attempt: string): Promise<readonly { path: string; bytes: number }[]> {
  const temporary = join(attempt, "temporary");
  const folders = [
    attempt,
    join(attempt, "complete"),
    ...(await filesIn(temporary)).map((name) => join(temporary, name)),
  ];
  const found: { path: string; bytes: number }[] = [];
  for (const folder of folders) {
    for (const name of (await filesIn(folder)).filter((file) => file.endsWith(".whl"))) {
      const path = join(folder, name);
      const bytes = await sizeOf(path);
      if (bytes !== null) found.push({ path, bytes });
    }
  }
  return found;
}

export async function removeAttempts(folder: string): Promise<void> {
  const attempts = (await filesIn(folder)).filter((name) => name.startsWith("attempt-"));
  await Promise.all(attempts.map((name) => removeFolder(join(folder, name))));
}

async function removeFolder(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true }).catch(() => undefined);
}

export async function filesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch {
    return [];
  }
}

export async function sizeOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size;
  } catch {
    return null;
  }
}
