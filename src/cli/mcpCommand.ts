import { createInterface } from "node:readline";
import { McpServer } from "../agent/mcpServer.js";
import { type CommandIo, usageError } from "./commandIo.js";
import { parseCommandLine } from "./commandLine.js";
import { runsFolder } from "./recordingOptions.js";

export const mcpUsage = "layerscope mcp [--runs DIR]   (a Model Context Protocol server on stdin and stdout)";

declare const __LAYERSCOPE_VERSION__: string;

/** Answers agents' questions about the runs until stdin ends. */
export async function mcpCommand(args: readonly string[], io: CommandIo): Promise<number> {
  const line = parseCommandLine(args, { runs: { type: "string" } }, mcpUsage);
  const [stray] = line.positionals;
  if (stray !== undefined) throw usageError(`Got ${stray}, wanted no argument. Usage: ${mcpUsage}`);
  const folder = runsFolder(line, io);
  const server = new McpServer({ runsFolders: () => [folder], shown: () => null }, __LAYERSCOPE_VERSION__);
  const lines = createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY });
  io.signal.addEventListener("abort", () => lines.close());
  for await (const message of lines) {
    if (message.trim() === "") continue;
    const answer = server.receive(message);
    if (answer !== null) io.stdout(`${answer}\n`);
  }
  return 0;
}
