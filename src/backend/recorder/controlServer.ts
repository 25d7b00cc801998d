import { randomBytes } from "node:crypto";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FromTraining, ToTraining } from "../../protocol/control.js";

/** Longest path that a unix socket may have on every system. */
const longestSocketPath = 100;
const longestRequest = 65_536;

/** Answers one JSON object a line with one JSON object a line, for the owner of the process only. */
export class ControlServer {
  private constructor(
    readonly path: string,
    private readonly folder: string | null,
    private readonly server: Server,
  ) {}

  static async listen(handle: (request: ToTraining) => FromTraining): Promise<ControlServer> {
    const server = createServer((socket) => serve(socket, handle));
    const { path, folder } = newSocketPath();
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(path, () => {
        server.off("error", reject);
        resolve();
      });
    });
    if (folder !== null) chmodSync(path, 0o600);
    return new ControlServer(path, folder, server);
  }

  close(): void {
    this.server.close();
    if (this.folder !== null) rmSync(this.folder, { recursive: true, force: true });
  }
}

function newSocketPath(): { path: string; folder: string | null } {
  if (process.platform === "win32") {
    return { path: `\\\\.\\pipe\\layerscope-${process.pid}-${randomBytes(8).toString("hex")}`, folder: null };
  }
  // mkdtemp makes the folder with mode 0700.
  const base = tmpdir().length + 30 > longestSocketPath ? "/tmp" : tmpdir();
  const folder = mkdtempSync(join(base, "layerscope-"));
  return { path: join(folder, "control"), folder };
}

function serve(socket: Socket, handle: (request: ToTraining) => FromTraining): void {
  let text = "";
  socket.setEncoding("utf8");
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk: string) => {
    text += chunk;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n")) {
      const line = text.slice(0, end);
      text = text.slice(end + 1);
      socket.write(`${JSON.stringify(answer(line, handle))}\n`);
    }
    if (text.length > longestRequest) socket.destroy();
  });
}

function answer(line: string, handle: (request: ToTraining) => FromTraining): FromTraining {
  try {
    const request = parseRequest(line);
    if (request === null) {
      return { ok: false, error: `Got ${line.slice(0, 80)}, wanted a request of type stop, capture, budget or ping.` };
    }
    return handle(request);
  } catch (error) {
    return { ok: false, error: error instanceof Error ? error.message : String(error) };
  }
}

function parseRequest(line: string): ToTraining | null {
  const value: unknown = JSON.parse(line);
  if (typeof value !== "object" || value === null || !("type" in value)) return null;
  switch (value.type) {
    case "stop":
    case "capture":
    case "ping":
      return { type: value.type };
    case "budget":
      return "budget" in value && typeof value.budget === "string" ? { type: "budget", budget: value.budget } : null;
    default:
      return null;
  }
}
