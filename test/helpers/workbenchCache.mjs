// The tools of a workbench, from npm alone: VS Code served to a browser (code-server), the Node it wants,
// and a headless Chromium with its libraries. Kept in the user's cache folder, once for all checkouts.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { chromiumComesFromNpm, unpackChromium } from "./chromiumFiles.mjs";
import { withLock } from "./lock.mjs";
import { runNpm } from "./npm.mjs";
import { step } from "./progress.mjs";
import { userCacheFolder } from "./userCache.mjs";

/** npm's `node` fetches its binary in an install script; the package of the platform holds it. */
const nodePackage = `node-${process.platform === "win32" ? "win" : process.platform}-${process.arch}`;

/** @type {Readonly<Record<string, string>>} */
const packages = {
  [nodePackage]: "24.21.0",
  "code-server": "4.139.1",
  ...(chromiumComesFromNpm && { "@sparticuz/chromium": "153.0.0", "dejavu-fonts-ttf": "2.37.3" }),
};

/** Changes when what is made of the packages changes. */
const layout = 1;

const cacheFolder = () => userCacheFolder("layerscope-workbench");

/**
 * @typedef {object} WorkbenchTools
 * @property {string} node Node 24, for code-server
 * @property {string} server code-server's entry script
 * @property {string | null} chromium folder of the unpacked Chromium; null where npm has none for this platform
 * @param {string} folder
 * @returns {WorkbenchTools}
 */
function tools(folder) {
  const binary = process.platform === "win32" ? "bin/node.exe" : "bin/node";
  return {
    node: join(folder, "node_modules", nodePackage, binary),
    server: join(folder, "node_modules/code-server/out/node/entry.js"),
    chromium: chromiumComesFromNpm ? join(folder, "chromium") : null,
  };
}

/** @param {string} folder */
async function fill(folder) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, dependencies: packages }));
  await runNpm(["install", "--no-package-lock"], folder);
  const code = join(folder, "node_modules/code-server/lib/vscode");
  await runNpm(["install", "--omit=dev"], code);
  await runNpm(["install", "--omit=dev"], join(code, "extensions"));
  if (chromiumComesFromNpm) await unpackChromium(join(folder, "node_modules"), join(folder, "chromium"));
}

/**
 * Complete or absent: the folder gets its name when everything is in it.
 * @returns {Promise<WorkbenchTools>}
 */
export async function workbenchTools() {
  const contents = createHash("sha256")
    .update(JSON.stringify([layout, packages]))
    .digest("hex")
    .slice(0, 12);
  const folder = join(cacheFolder(), `${process.platform}-${process.arch}-${contents}`);
  if (existsSync(folder)) return tools(folder);
  mkdirSync(cacheFolder(), { recursive: true });
  await step("install a VS Code workbench and a browser (once for this user, about a minute)", () =>
    withLock(`${folder}.lock`, async () => {
      if (existsSync(folder)) return;
      const partial = `${folder}.partial`;
      rmSync(partial, { recursive: true, force: true });
      await fill(partial);
      renameSync(partial, folder);
    }),
  );
  return tools(folder);
}
