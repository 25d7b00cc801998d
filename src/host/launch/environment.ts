/** Variables that VS Code sets for its own processes and that change how a Node started from here behaves. */
const exact = new Set([
  "ELECTRON_RUN_AS_NODE",
  "ELECTRON_NO_ASAR",
  "ELECTRON_NO_ATTACH_CONSOLE",
  "APPLICATION_INSIGHTS_NO_DIAGNOSTIC_CHANNEL",
]);

function isOfTheHost(name: string): boolean {
  return exact.has(name) || name.startsWith("VSCODE_");
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** The user's environment as it was before VS Code added its own. */
export function scrubbed(environment: Environment): Record<string, string> {
  const clean: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value !== undefined && !isOfTheHost(name)) clean[name] = value;
  }
  return clean;
}
