import { homedir } from "node:os";
import { join } from "node:path";

/**
 * A folder of this user that outlives checkouts.
 * @param {string} name
 */
export function userCacheFolder(name) {
  const { XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  if (process.platform === "win32") return join(LOCALAPPDATA ?? join(homedir(), "AppData/Local"), name);
  return join(XDG_CACHE_HOME || join(homedir(), ".cache"), name);
}
