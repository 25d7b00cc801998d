import { createReadStream, existsSync, readdirSync, statSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { managedTfjsNodeVersion } from "../../../src/engines/managed.js";

/** A Python package index on this machine (PEP 503, with ranges), that can be told to misbehave. */
export interface PackageIndex {
  readonly host: string;
  /** Requests for wheels: file and first byte asked for. */
  readonly requests: { readonly file: string; readonly from: number }[];
  /** Cut the connection after so many bytes of a wheel. */
  cutAfterBytes: number | null;
  /** Change one byte of every wheel. */
  altered: boolean;
  /** Pause between pieces of a wheel, so that something can happen meanwhile. */
  pauseMs: number;
  /** Answer for tfjs-node's own download. */
  officialStatus: number;
  readonly close: () => Promise<void>;
}

const pieceBytes = 1 << 18;

export async function startPackageIndex(wheels: () => string): Promise<PackageIndex> {
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? "/");
    const project = /^\/simple\/([^/]+)\/$/.exec(path)?.[1];
    const file = /^\/files\/([^/]+)$/.exec(path)?.[1];
    if (path.startsWith("/npm/@tensorflow")) sendManifest(response, index.host);
    else if (project) sendLinks(response, wheels(), project);
    else if (file && existsSync(join(wheels(), file))) {
      const from = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
      index.requests.push({ file, from });
      void sendWheel(response, join(wheels(), file), from, index);
    } else response.writeHead(path.startsWith("/official/") ? index.officialStatus : 404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const index: PackageIndex = {
    host: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: [],
    cutAfterBytes: null,
    altered: false,
    pauseMs: 0,
    officialStatus: 403,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return index;
}

/** What `npm view` asks for. */
function sendManifest(response: ServerResponse, host: string): void {
  const binary = { host: `${host}/official`, remote_path: "./napi-v{napi_build_version}/{version}/" };
  const name = "@tensorflow/tfjs-node";
  const versions = { [managedTfjsNodeVersion]: { name, version: managedTfjsNodeVersion, binary } };
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify({ name, "dist-tags": { latest: managedTfjsNodeVersion }, versions }));
}

function sendLinks(response: ServerResponse, wheels: string, project: string): void {
  const files = readdirSync(wheels).filter((file) => file.startsWith(`${project.replaceAll("-", "_")}-`));
  response.writeHead(200, { "content-type": "text/html" });
  response.end(`<html><body>${files.map((file) => `<a href="/files/${file}">${file}</a>`).join("")}</body></html>`);
}

async function sendWheel(response: ServerResponse, path: string, from: number, index: PackageIndex): Promise<void> {
  const { size } = statSync(path);
  response.writeHead(from > 0 ? 206 : 200, {
    "content-type": "application/octet-stream",
    "content-length": size - from,
    "accept-ranges": "bytes",
    ...(from > 0 ? { "content-range": `bytes ${from}-${size - 1}/${size}` } : {}),
  });
  let sent = 0;
  for await (const piece of createReadStream(path, { start: from, highWaterMark: pieceBytes })) {
    const bytes = piece as Buffer;
    if (index.altered && sent === 0) bytes[100] = (bytes[100] ?? 0) ^ 1;
    if (index.cutAfterBytes !== null && sent >= index.cutAfterBytes) {
      response.destroy();
      return;
    }
    if (response.destroyed) return;
    response.write(bytes);
    sent += bytes.length;
    await new Promise((resolve) => setTimeout(resolve, index.pauseMs));
  }
  response.end();
}
