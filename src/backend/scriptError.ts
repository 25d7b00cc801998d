import { basename } from "node:path";

export interface ScriptError {
  /** One sentence. */
  readonly message: string;
  readonly stack: string | null;
}

/** What a script died of. A syntax error says where; V8 puts that in front of the stack only. */
export function describeScriptError(error: unknown): ScriptError {
  if (!(error instanceof Error)) return { message: String(error), stack: null };
  const stack = error.stack ?? null;
  const message = error.message.split("\n")[0] || error.name;
  const place = error instanceof SyntaxError ? /^(.+?):(\d+)$/m.exec(stack?.split("\n")[0] ?? "") : null;
  if (place === null) return { message, stack };
  return { message: `${error.name}: ${message} (${basename(place[1] ?? "")}:${place[2]})`, stack };
}

/** Why the recorder cannot go on, and, where Node's permission model is the reason, what it would have to allow. */
export function describeOwnError(error: unknown, runsFolder: string): ScriptError {
  const described = describeScriptError(error);
  if (!described.message.startsWith("Access to this API has been restricted")) return described;
  const wanted = `--allow-worker and --allow-fs-write=${runsFolder}`;
  return { ...described, message: `Node's permission model does not let it record, which takes ${wanted}` };
}

/** Takes our own frames out of the stack that Node is about to print: they are not what the script died of. */
export function withoutOwnFrames(error: unknown): void {
  if (!(error instanceof Error) || typeof error.stack !== "string" || !error.stack.includes(__dirname)) return;
  const lines = error.stack.split("\n").filter((line) => !(/^\s+at /.test(line) && line.includes(__dirname)));
  Object.defineProperty(error, "stack", { value: lines.join("\n"), writable: true, configurable: true });
}
