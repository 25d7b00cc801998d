import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { packagesDoneFile } from "./installPackages.js";
import { type ManagedManifest, managedKeyPattern } from "./managed.js";

export const lockName = "lock";
export const downloadsName = "downloads";
/** As `switchTo` writes it before the rename. */
const asideManifest = /\.json\.[0-9a-f-]{36}$/;

/**
 * A folder for the engine `key` to be made in. Goes on in the one that an interrupted installation left, under a new
 * name: tools that outlived their parent then write into nothing.
 */
export async function workFolder(engines: string, key: string): Promise<string> {
  await mkdir(engines, { recursive: true });
  const folder = join(engines, `${key}-${randomUUID().slice(0, 8)}`);
  const usable = (await leftovers(engines)).filter(
    (name) => name.startsWith(`${key}-`) && existsSync(join(engines, name, packagesDoneFile)),
  );
  if (usable[0]) await rename(join(engines, usable[0]), folder);
  else await mkdir(folder);
  await removeLeftovers(engines, folder);
  return folder;
}

/** Makes the engine in `manifest.folder` the one that is found: one rename. */
export async function switchTo(engines: string, manifest: ManagedManifest): Promise<void> {
  const target = join(engines, `${manifest.key}.json`);
  const aside = `${target}.${randomUUID()}`;
  await writeFile(aside, `${JSON.stringify(manifest, null, 2)}\n`, { flush: true });
  await rename(aside, target);
  await removeLeftovers(engines);
  await rm(join(engines, downloadsName), { recursive: true, force: true });
}

/** What `leftovers` names, except the folder `kept`; what cannot be removed now is removed next time. */
export async function removeLeftovers(engines: string, kept?: string): Promise<void> {
  const paths = (await leftovers(engines)).map((name) => join(engines, name)).filter((path) => path !== kept);
  await Promise.all(
    paths.map((path) => rm(path, { recursive: true, force: true, maxRetries: 2 }).catch(() => undefined)),
  );
}

/** Folders that no manifest names, and manifests that were never switched to. */
async function leftovers(engines: string): Promise<readonly string[]> {
  const entries = await readdir(engines, { withFileTypes: true });
  const manifests = entries.filter((entry) => entry.isFile() && entry.name.endsWith(".json"));
  const named = new Set(await Promise.all(manifests.map((entry) => folderOf(join(engines, entry.name)))));
  const isUnnamed = (name: string) => managedKeyPattern.test(name) && !named.has(name);
  return entries
    .filter((entry) => (entry.isDirectory() ? isUnnamed(entry.name) : asideManifest.test(entry.name)))
    .map((entry) => entry.name);
}

async function folderOf(manifestPath: string): Promise<string | null> {
  try {
    const value: unknown = JSON.parse(await readFile(manifestPath, "utf8"));
    return (value as { folder?: string }).folder ?? null;
  } catch {
    return null;
  }
}

/** Size on disk, links not followed. */
export async function bytesIn(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  let bytes = 0;
  for (const entry of entries) {
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath ?? entry.path, entry.name))).size;
  }
  return bytes;
}

/** Sizes of the files without which the engine cannot run: libraries, addon and the entry of every tfjs package. */
export async function essentialFiles(folder: string, paths: readonly string[]): Promise<Record<string, number>> {
  const scope = join("node_modules", "@tensorflow");
  const names = await readdir(join(folder, scope));
  const entries = await Promise.all(
    names.map(async (name) => {
      const manifest = join(scope, name, "package.json");
      const value: unknown = JSON.parse(await readFile(join(folder, manifest), "utf8"));
      return [manifest, join(scope, name, (value as { main?: string }).main ?? "index.js")];
    }),
  );
  const sizes: Record<string, number> = {};
  for (const path of [...paths, ...entries.flat()]) {
    sizes[path] = (await stat(join(folder, path))).size;
  }
  return sizes;
}
