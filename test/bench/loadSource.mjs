import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");

/** What a module of the source exports, bundled. @param {string} path below `src`, without its ending */
export async function loadSource(path) {
  const { outputFiles } = await esbuild.build({
    entryPoints: [join(root, "src", `${path}.ts`)],
    bundle: true,
    format: "esm",
    write: false,
  });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0]?.contents ?? "").toString("base64")}`);
}
