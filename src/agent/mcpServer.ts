import { jsonText, replaceNumber } from "../run/jsonText.js";
import { agentTools } from "./agentTools.js";
import type { RunSource } from "./runAnswers.js";

/** Versions of the Model Context Protocol whose messages these are, newest first. */
const protocolVersions = ["2025-06-18", "2025-03-26", "2024-11-05"] as const;

/** JSON-RPC 2.0. */
const errorCodes = { parse: -32700, request: -32600, method: -32601, parameters: -32602 } as const;

type RequestId = string | number;

/** The Model Context Protocol's server side, as far as tools need it: a line in, a line out or none. */
export class McpServer {
  constructor(
    private readonly source: RunSource,
    private readonly version: string,
  ) {}

  /** Answers one message; null for a notification. */
  receive(line: string): string | null {
    let message: unknown;
    try {
      message = JSON.parse(line);
    } catch {
      return failure(null, errorCodes.parse, "Got a line that is not JSON.");
    }
    if (!isRecord(message) || typeof message.method !== "string") {
      return isResponse(message) ? null : failure(idOf(message), errorCodes.request, "Wanted a JSON-RPC request.");
    }
    const id = idOf(message);
    if (id === null) return null;
    const parameters = isRecord(message.params) ? message.params : {};
    switch (message.method) {
      case "initialize":
        return success(id, this.initialize(parameters.protocolVersion));
      case "ping":
        return success(id, {});
      case "tools/list":
        return success(id, { tools: agentTools.map(listed) });
      case "tools/call":
        return this.call(id, parameters);
      default:
        return failure(id, errorCodes.method, `No method ${message.method}.`);
    }
  }

  private initialize(wanted: unknown): object {
    return {
      protocolVersion: protocolVersions.find((known) => known === wanted) ?? protocolVersions[0],
      capabilities: { tools: {} },
      serverInfo: { name: "layerscope", title: "Layerscope", version: this.version },
      instructions: "Layer statistics of recorded TensorFlow.js trainings. Begin with layerscope_findings.",
    };
  }

  private call(id: RequestId, { name, arguments: input }: Readonly<Record<string, unknown>>): string {
    const tool = agentTools.find((candidate) => candidate.name === name);
    if (tool === undefined) return failure(id, errorCodes.parameters, `No tool ${String(name)}.`);
    try {
      const answer = tool.answer(this.source, isRecord(input) ? input : {});
      return success(id, { content: [{ type: "text", text: jsonText(answer) }], isError: false });
    } catch (error) {
      // The agent can mend a wrong name; an error of the protocol would end its turn.
      const text = error instanceof Error ? error.message : String(error);
      return success(id, { content: [{ type: "text", text }], isError: true });
    }
  }
}

function listed({ name, title, description, inputSchema }: (typeof agentTools)[number]): object {
  return { name, title, description, inputSchema, annotations: { title, readOnlyHint: true, openWorldHint: false } };
}

function success(id: RequestId, result: object): string {
  return JSON.stringify({ jsonrpc: "2.0", id, result }, replaceNumber);
}

function failure(id: RequestId | null, code: number, message: string): string {
  return JSON.stringify({ jsonrpc: "2.0", id, error: { code, message } });
}

function idOf(message: unknown): RequestId | null {
  const id = isRecord(message) ? message.id : null;
  return typeof id === "string" || typeof id === "number" ? id : null;
}

function isResponse(message: unknown): boolean {
  return isRecord(message) && ("result" in message || "error" in message);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
