import { randomUUID } from "node:crypto";
import { link, mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { EngineError, explainWriteError } from "./engineError.js";

/** The right to change the engines folder. */
export interface InstallLock {
  /** Throws if another process has taken over meanwhile (after a long sleep of this machine, say). */
  readonly assertHeld: () => Promise<void>;
  readonly release: () => Promise<void>;
}

interface Holder {
  readonly token: string;
  readonly processId: number;
  readonly host: string;
  readonly startedAt: string;
}

const heartbeatMs = 5000;
/** A holder on another machine (shared home folder) or with a recycled process number is told dead by this. */
const staleAfterMs = 60_000;

/** Takes the lock file at `path`, over the dead body of a process that was killed while it had it. */
export async function takeInstallLock(path: string): Promise<InstallLock> {
  const holder: Holder = {
    token: randomUUID(),
    processId: process.pid,
    host: hostname(),
    startedAt: new Date().toISOString(),
  };
  try {
    await makeFolder(dirname(path));
  } catch (error) {
    throw explainWriteError(error, dirname(path));
  }
  for (let attempt = 0; attempt < 3; attempt++) {
    if (await create(path, holder)) {
      await sweep(path);
      return held(path, holder);
    }
    const other = await read(path);
    if (other && !(await isStale(path, other))) throw busy(other);
    await discard(path, other?.token ?? null);
  }
  throw busy(await read(path));
}

/** One level after the other: told to make them all, Node says of a read-only disk that there is no such folder. */
async function makeFolder(folder: string, isParentThere = false): Promise<void> {
  try {
    await mkdir(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return;
    if (code !== "ENOENT" || isParentThere) throw error;
    await makeFolder(dirname(folder));
    await makeFolder(folder, true);
  }
}

/** Who works on the engines folder now, or null. */
export async function installLockHolder(path: string): Promise<{ processId: number; startedAt: string } | null> {
  const holder = await read(path);
  return holder && !(await isStale(path, holder)) ? holder : null;
}

function held(path: string, holder: Holder): InstallLock {
  const beat = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => clearInterval(beat));
  }, heartbeatMs);
  beat.unref();
  const isOwn = async () => (await read(path))?.token === holder.token;
  return {
    assertHeld: async () => {
      if (!(await isOwn())) throw busy(await read(path));
    },
    release: async () => {
      clearInterval(beat);
      if (await isOwn()) await rm(path, { force: true });
    },
  };
}

/** By a link, so that the lock is never there without its holder's name. */
async function create(path: string, holder: Holder): Promise<boolean> {
  const aside = `${path}.${holder.token}`;
  try {
    await writeFile(aside, JSON.stringify(holder), { mode: 0o600 });
    await link(aside, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw explainWriteError(error, dirname(path));
  } finally {
    await rm(aside, { force: true });
  }
}

/** Moves a dead holder's file away; one that a quicker process has put there meanwhile is put back. */
async function discard(path: string, token: string | null): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch {
    return;
  }
  if (((await read(aside))?.token ?? null) !== token) {
    await link(aside, path).catch(() => undefined);
  }
  await rm(aside, { force: true });
}

/** What processes that were killed while they took or discarded the lock have left beside it. */
async function sweep(path: string): Promise<void> {
  const names = (await readdir(dirname(path))).filter((name) => name.startsWith(`${basename(path)}.`));
  for (const aside of names.map((name) => join(dirname(path), name))) {
    const holder = await read(aside);
    const isLeft = holder === null ? await isOld(aside) : await isStale(aside, holder);
    if (isLeft) await rm(aside, { force: true });
  }
}

async function isStale(path: string, holder: Holder): Promise<boolean> {
  return (holder.host === hostname() && !isAlive(holder.processId)) || isOld(path);
}

async function isOld(path: string): Promise<boolean> {
  try {
    return Date.now() - (await stat(path)).mtimeMs > staleAfterMs;
  } catch {
    return true;
  }
}

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

async function read(path: string): Promise<Holder | null> {
  try {
    const value: unknown = JSON.parse(await readFile(path, "utf8"));
    return isHolder(value) ? value : null;
  } catch {
    return null;
  }
}

function isHolder(value: unknown): value is Holder {
  if (typeof value !== "object" || value === null) return false;
  const { token, processId, host, startedAt } = value as Record<string, unknown>;
  return (
    typeof token === "string" &&
    typeof processId === "number" &&
    typeof host === "string" &&
    typeof startedAt === "string"
  );
}

function busy(other: { processId: number; startedAt: string } | null): EngineError {
  const who = other ? ` (process ${other.processId}, since ${other.startedAt})` : "";
  return new EngineError(
    "busy",
    `Another Layerscope is setting up or removing the native engine${who}.`,
    "Wait until it is done, or cancel it there.",
  );
}
