import { diskFull, EngineError, type EngineErrorCode } from "./engineError.js";
import { lastLines, type ProcessOutcome } from "./runProcess.js";

const fullPattern = /ENOSPC|EDQUOT|No space left on device|Disk quota exceeded|not enough space/i;
const networkPattern =
  /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|NewConnectionError|ConnectTimeout|ReadTimeout|ProxyError|SSLError|Max retries exceeded|Failed to establish a new connection|Temporary failure in name resolution|Network is unreachable|network (?:timeout|request)/i;

/** What a failed npm or pip means for the user. */
export function explainToolFailure(tool: "npm" | "pip", outcome: ProcessOutcome, folder: string): EngineError {
  const output = `${outcome.stdout}\n${outcome.stderr}`;
  if (fullPattern.test(output)) return diskFull(folder);
  const said = `${tool} said: ${lastLines(outcome) || "nothing"}`;
  const code: EngineErrorCode = tool === "pip" ? "downloadFailed" : "packagesFailed";
  if (networkPattern.test(output)) {
    return new EngineError(
      "noNetwork",
      `${tool} cannot reach its package index.`,
      `Check the network and ${tool}'s proxy settings (\`${tool} config list\`), then run \`layerscope engine install\` again; what was downloaded is kept. ${said}`,
    );
  }
  if (/No matching distribution found|\bE404\b|ETARGET|\b404 Not Found/i.test(output)) {
    return new EngineError(
      code,
      `The package index that ${tool} uses does not have what is needed.`,
      `Look at \`${tool} config list\`: a mirror may be incomplete. ${said}`,
    );
  }
  if (/EINTEGRITY/.test(output)) {
    return new EngineError(
      "wrongHash",
      "A package from npm was altered or truncated on its way.",
      `Run \`npm cache clean --force\` and \`layerscope engine install\` again. ${said}`,
    );
  }
  const how = outcome.started
    ? outcome.exitCode === null
      ? "was ended"
      : `failed with exit code ${outcome.exitCode}`
    : "could not be started";
  return new EngineError(
    code,
    `${tool} ${how}.`,
    `Run \`layerscope engine install\` again when that is mended. ${said}`,
  );
}
