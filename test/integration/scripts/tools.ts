import { createHash } from "node:crypto";
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withLock } from "../../helpers/lock.mjs";
import { runNpm } from "../../helpers/npm.mjs";
import { userCacheFolder } from "../../helpers/userCache.mjs";

/** What scripts of other people are run with, and the few packages that those scripts need beside TensorFlow.js. */
const packages = {
  "@babel/core": "7.28.5",
  "@babel/node": "7.28.0",
  "@babel/plugin-transform-modules-commonjs": "7.27.1",
  "@yarnpkg/cli-dist": "4.18.1",
  argparse: "1.0.10",
  "autobind-decorator": "2.4.0",
  "base64-arraybuffer": "1.0.2",
  concurrently: "9.2.1",
  jest: "29.7.0",
  lodash: "4.17.21",
  "lodash.range": "3.2.0",
  mocha: "11.7.4",
  nodemon: "3.1.10",
  "npm-run-all": "4.1.5",
  seedrandom: "2.4.4",
  shelljs: "0.8.5",
  "ts-node": "10.9.2",
  tsx: "4.20.6",
  typescript: "5.9.3",
};

/** A node_modules with the tools. */
export function scriptTools(): Promise<string> {
  return installedPackages("tools", packages);
}

/** A node_modules with these packages, in the user's cache folder; complete or absent. */
export async function installedPackages(name: string, dependencies: Readonly<Record<string, string>>): Promise<string> {
  const cache = userCacheFolder("layerscope-test-scripts");
  const contents = createHash("sha256").update(JSON.stringify(dependencies)).digest("hex").slice(0, 12);
  const folder = join(cache, `${name}-${contents}`);
  if (existsSync(folder)) return join(folder, "node_modules");
  mkdirSync(cache, { recursive: true });
  await withLock(`${folder}.lock`, async () => {
    if (existsSync(folder)) return;
    const partial = `${folder}.partial`;
    rmSync(partial, { recursive: true, force: true });
    mkdirSync(partial, { recursive: true });
    writeFileSync(join(partial, "package.json"), JSON.stringify({ private: true, dependencies }));
    await runNpm(["install", "--no-package-lock"], partial);
    renameSync(partial, folder);
  });
  return join(folder, "node_modules");
}
