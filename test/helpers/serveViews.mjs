// Works on the views alone: node test/helpers/serveViews.mjs [PORT], then open the printed address.
// Choices in the address: view=live|dashboard theme=dark|light|hc-dark|hc-light layers=150 steps=1000000 speed=12
//   state=none|waiting|running|stalled|completed|failed|stopped|interrupted nan=STEP names=hostile channels=4096 locale=pseudo reading=1
import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");

/** Both views and the fake host, as they are now. @param {boolean} minify */
async function bundle(minify) {
  const { outputFiles } = await esbuild.build({
    absWorkingDir: root,
    entryPoints: {
      page: "webview/dev/page.ts",
      live: "webview/live/main.ts",
      dashboard: "webview/dashboard/main.ts",
      frames: "webview/dev/frames.ts",
    },
    outdir: "/",
    bundle: true,
    minify,
    write: false,
    platform: "browser",
    format: "iife",
    target: "chrome120",
    sourcemap: minify ? false : "inline",
  });
  return new Map(outputFiles.map(({ path, text }) => [path.slice(path.lastIndexOf("/")), text]));
}

/** @param {string} view */
function page(view) {
  const nonce = randomBytes(16).toString("base64");
  const policy = `default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'nonce-${nonce}'`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>Layerscope ${view}</title>
<link rel="stylesheet" href="/${view}.css">
</head>
<body>
<script nonce="${nonce}" src="/page.js"></script>
<script nonce="${nonce}" src="/${view}.js"></script>
</body>
</html>`;
}

/** @type {Readonly<Record<string, string>>} */
const types = { ".js": "text/javascript", ".css": "text/css" };

/**
 * @param {{ port?: number, minify?: boolean }} options
 * @returns {Promise<{ url: string, close: () => Promise<void> }>}
 */
export async function serveViews({ port = 0, minify = false } = {}) {
  const files = await bundle(minify);
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
    const text = pathname === "/" ? page(searchParams.get("view") ?? "dashboard") : files.get(pathname);
    const type = types[pathname.slice(pathname.lastIndexOf("."))] ?? "text/html";
    response.writeHead(text === undefined ? 404 : 200, { "content-type": `${type}; charset=utf-8` });
    response.end(text ?? "");
  });
  await new Promise((resolve) => server.listen(port, "127.0.0.1", () => resolve(undefined)));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The dev server has no port.");
  return {
    url: `http://127.0.0.1:${address.port}/`,
    close: () => new Promise((resolve) => server.close(() => resolve(undefined))),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { url } = await serveViews({ port: Number(process.argv[2] ?? 0) });
  console.log(`${url}?view=dashboard&layers=20&speed=12\n${url}?view=live&layers=20&speed=12`);
}
