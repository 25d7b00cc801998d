// Makes the VSIX: a minified dist/, the licences of what is in it, and a look at the result. And the same command line as
// an npm package, for machines without VS Code.
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { createVSIX, listFiles, PackageManager } from "@vscode/vsce";
import { build } from "./esbuild.mjs";
import { runNpm } from "./test/helpers/npm.mjs";
import { thirdPartyNotices } from "./thirdPartyNotices.mjs";

const root = dirname(fileURLToPath(import.meta.url));
const largestBytes = 3_000_000;
const nativeCode = /\.(node|so(\.\d+)*|dll|dylib|exe)$/;

/** @param {readonly string[]} files */
function requireCleanContents(files) {
  const wrong = files.filter((file) => nativeCode.test(file) || file.split("/").includes("node_modules"));
  if (wrong.length > 0)
    throw new Error(`The VSIX may hold no native code and no node_modules; got ${wrong.join(", ")}.`);
}

/** @returns {Promise<string>} path of the VSIX at the root */
export async function packageExtension() {
  const metafiles = await build({ minify: true });
  writeFileSync(join(root, "dist/THIRD_PARTY_NOTICES.txt"), thirdPartyNotices(root, metafiles));
  requireCleanContents(await listFiles({ cwd: root, packageManager: PackageManager.None }));
  const { name, version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const packagePath = join(root, `${name}-${version}.vsix`);
  await createVSIX({ cwd: root, packagePath, dependencies: false });
  const { size } = statSync(packagePath);
  if (size > largestBytes) throw new Error(`The VSIX has ${size} bytes; at most ${largestBytes} are wanted.`);
  console.log(`${packagePath}: ${(size / 1e6).toFixed(2)} MB`);
  return packagePath;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await packageExtension();
  await runNpm(["pack"], root);
}
