import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** For packages that name a licence and do not bring its text. @type {Readonly<Record<string, readonly string[]>>} */
const commonTexts = {
  "Apache-2.0": ["node_modules/typescript/LICENSE"],
  // tfjs-layers: each file says "Copyright 2018 Google LLC" and which of the two it is under.
  "Apache-2.0 AND MIT": ["node_modules/typescript/LICENSE", "LICENSE"],
};

/** Packages that have it in another file. @type {Readonly<Record<string, string>>} */
const otherFiles = { omggif: "omggif.js", seedrandom: "README.md" };

const ourCopyright = /2026 Layerscope contributors/;
const licenceFile = /^(licen[cs]e|copying|notice)(\.|-|$)/i;

/**
 * Packages whose files are in a bundle: folder → name, version, licence and its text.
 * @param {string} root
 * @param {readonly import("esbuild").Metafile[]} metafiles
 */
function bundledPackages(root, metafiles) {
  const inputs = metafiles.flatMap(({ outputs }) =>
    Object.values(outputs).flatMap((output) =>
      Object.entries(output.inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : [])),
    ),
  );
  // The kernels of the embedded engine are copied, not bundled.
  inputs.push("node_modules/@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm");
  const folders = inputs.map((path) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1]);
  return [...new Set(folders)].flatMap((folder) => (folder === undefined ? [] : [describePackage(root, folder)]));
}

/**
 * Of a source file, the comment that it begins with.
 * @param {string} path
 */
function licenceText(path) {
  const text = readFileSync(path, "utf8");
  const comment = path.endsWith(".js") ? /^(\/\/.*\n)+/.exec(text)?.[0].replaceAll(/^\/\/ ?/gm, "") : undefined;
  return (comment ?? text).trim().replace(ourCopyright, "2018 Google LLC");
}

/**
 * @param {string} root
 * @param {string} folder of the package, from the root
 */
function describePackage(root, folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
  const own = readdirSync(join(root, folder)).filter((file) => licenceFile.test(file) || file === otherFiles[name]);
  const paths = own.length > 0 ? own.sort().map((file) => join(folder, file)) : commonTexts[license];
  if (paths === undefined) throw new Error(`${name} ${version} (${license}) brings no licence text; name one for it.`);
  const texts = paths.map((path) => licenceText(join(root, path)));
  return { name, version, license, text: texts.join("\n\n") };
}

/**
 * @param {string} root
 * @param {readonly import("esbuild").Metafile[]} metafiles
 */
export function thirdPartyNotices(root, metafiles) {
  const packages = bundledPackages(root, metafiles).sort((a, b) => a.name.localeCompare(b.name));
  const parts = packages.map(({ name, version, license, text }) => `${name} ${version} (${license})\n\n${text}`);
  const line = "-".repeat(80);
  return `Layerscope contains parts of these packages, under their own licences.\n\n${parts
    .map((part) => `${line}\n${part}\n`)
    .join("\n")}`;
}
