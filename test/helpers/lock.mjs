import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/** @param {string} lock */
function ownerIsAlive(lock) {
  let owner;
  try {
    owner = Number(readFileSync(join(lock, "pid"), "utf8"));
  } catch {
    return true; // made a moment ago, not yet signed
  }
  try {
    process.kill(owner, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === "EPERM";
  }
}

/** @param {string} lock */
function take(lock) {
  try {
    mkdirSync(lock);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === "EEXIST") return false;
    throw error;
  }
  writeFileSync(join(lock, "pid"), String(process.pid));
  return true;
}

/**
 * Runs `work` while no other process does. A folder is the lock: making one is atomic everywhere.
 * @template T
 * @param {string} lock
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(lock, work) {
  let told = false;
  while (!take(lock)) {
    if (!ownerIsAlive(lock)) rmSync(lock, { recursive: true, force: true });
    else if (!told) console.log("  another process is at it; waiting");
    told = true;
    await delay(500);
  }
  try {
    return await work();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}
