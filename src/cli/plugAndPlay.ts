import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { optionsBefore, quotedOption } from "./environmentOptions.js";

/** What Yarn's Plug'n'Play exports: where it put a package that a file asks for. */
interface PlugAndPlay {
  resolveRequest(request: string, issuer: string): string | null;
}

const fileName = ".pnp.cjs";
const loaderName = ".pnp.loader.mjs";

/** The file by which Yarn tells where a script's packages are, which then are in no node_modules; null without it. */
function plugAndPlayFile(script: string): string | null {
  for (let folder = dirname(script); ; folder = dirname(folder)) {
    const file = join(folder, fileName);
    if (existsSync(file)) return file;
    if (folder === dirname(folder)) return null;
  }
}

/**
 * NODE_OPTIONS by which the script finds its packages, as `yarn node` sets them; as arguments of Node, some loaders
 * would wait for this one for ever. What is there already stays where Yarn itself runs us.
 */
export function plugAndPlayOptions(script: string, nodeOptions: string | undefined): string | undefined {
  const file = plugAndPlayFile(script);
  if (file === null || nodeOptions?.includes(file)) return nodeOptions;
  const loader = join(dirname(file), loaderName);
  const options = [`--require ${quotedOption(file)}`];
  if (existsSync(loader)) options.push(`--experimental-loader ${pathToFileURL(loader).href}`);
  return optionsBefore(options.join(" "), nodeOptions);
}

/** `require.resolve` for a script's packages, wherever its package manager put them; null for what is not there. */
export function resolvePackage(request: string, script: string): string | null {
  const file = plugAndPlayFile(script);
  const project = createRequire(script);
  try {
    return file === null ? project.resolve(request) : (project(file) as PlugAndPlay).resolveRequest(request, script);
  } catch {
    return null;
  }
}
