import { readdirSync, readFileSync, readlinkSync } from "node:fs";

const listening = "0A";

/** Lines of the system's tables of internet sockets that belong to a process, listening or not. */
export function networkSockets(id: number): string[] {
  const own = new Set(
    readdirSync(`/proc/${id}/fd`).map((name) => /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${id}/fd/${name}`))?.[1]),
  );
  return ["tcp", "tcp6", "udp", "udp6"].flatMap((table) =>
    readFileSync(`/proc/net/${table}`, "utf8")
      .split("\n")
      .slice(1)
      .filter((line) => line !== "" && own.has(line.trim().split(/\s+/)[9])),
  );
}

/** A descriptor may be closed between its listing and this. */
function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

/** Ports that a process listens on, as Linux tells. */
export function listeningPorts(id: number): number[] {
  return networkSockets(id)
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , state]) => state === listening)
    .map(([, address = ""]) => Number.parseInt(address.split(":")[1] ?? "", 16));
}

/** A process and all that it started, as Linux tells. */
export function processTree(id: number): number[] {
  const children = readdirSync(`/proc/${id}/task`).flatMap((thread) =>
    readFileSync(`/proc/${id}/task/${thread}/children`, "utf8").split(" ").filter(Boolean).map(Number),
  );
  return [id, ...children.flatMap(processTree)];
}

/** The process that started this one, as Linux tells. */
export function parentOf(id: number): number {
  return Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${id}/status`, "utf8"))?.[1]);
}
