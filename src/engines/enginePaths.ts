import { homedir } from "node:os";
import { join, resolve } from "node:path";

/**
 * Folder for what Layerscope keeps per user, shared by all projects: `LAYERSCOPE_CACHE`, else `layerscope` in the
 * platform's cache folder (Linux: https://specifications.freedesktop.org/basedir-spec).
 */
export function cacheFolder(
  env: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
): string {
  if (env.LAYERSCOPE_CACHE) {
    return resolve(env.LAYERSCOPE_CACHE);
  }
  if (platform === "win32") {
    return join(env.LOCALAPPDATA ?? join(homedir(), "AppData", "Local"), "layerscope");
  }
  if (platform === "darwin") {
    return join(homedir(), "Library", "Caches", "layerscope");
  }
  const base = env.XDG_CACHE_HOME;
  return join(base?.startsWith("/") ? base : join(homedir(), ".cache"), "layerscope");
}

export function enginesFolder(env: NodeJS.ProcessEnv = process.env): string {
  return join(cacheFolder(env), "engines");
}
