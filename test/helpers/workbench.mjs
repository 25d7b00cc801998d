import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { startGuarded } from "./guardedProcess.mjs";
import { Failure } from "./progress.mjs";

const startLimitMs = 60_000;

const pinnedSettings = {
  "workbench.startupEditor": "none",
  "workbench.tips.enabled": false,
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "telemetry.telemetryLevel": "off",
  "files.simpleDialog.enable": true,
  "window.dialogStyle": "custom",
  "extensions.autoUpdate": false,
  "extensions.autoCheckUpdates": false,
  "chat.disableAIFeatures": true,
  "typescript.disableAutomaticTypeAcquisition": true,
  "remote.autoForwardPorts": false,
  "git.openRepositoryInParentFolders": "never",
};

/** Our environment without what another editor, code-server or npm left in it. */
export function cleanEnvironment() {
  const kept = Object.entries(process.env).filter(
    ([name]) =>
      !/^(VSCODE_|ELECTRON_|CODE_SERVER_|npm_|LAYERSCOPE_)/i.test(name) && !["NODE_OPTIONS", "PORT"].includes(name),
  );
  const path = (process.env.PATH ?? "").split(delimiter).filter((entry) => !entry.includes("node_modules"));
  return { ...Object.fromEntries(kept), PATH: path.join(delimiter) };
}

/**
 * A user of VS Code: settings and extensions in folders of their own, in a temporary folder.
 * @param {object} profile
 * @param {Readonly<Record<string, unknown>>} [profile.settings] added to the pinned ones
 */
export function makeProfile({ settings = {} } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "layerscope-"));
  const workspace = join(folder, "workspace");
  const userData = join(folder, "user");
  mkdirSync(workspace);
  mkdirSync(join(userData, "User"), { recursive: true });
  writeFileSync(join(userData, "User/settings.json"), JSON.stringify({ ...pinnedSettings, ...settings }, null, 2));
  return {
    folder,
    workspace,
    userData,
    extensions: join(folder, "extensions"),
    /** For the driver extension. */
    driverFile: join(folder, "driver.json"),
    /**
     * The newest log with this name, of all windows.
     * @param {string} name
     */
    newestLog(name) {
      const logs = join(userData, "logs");
      const paths = existsSync(logs) ? readdirSync(logs, { recursive: true, encoding: "utf8" }) : [];
      const newest = paths
        .filter((path) => path.endsWith(name))
        .sort()
        .at(-1);
      return newest === undefined ? null : join(logs, newest);
    },
    remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }),
  };
}

/**
 * @typedef {ReturnType<typeof makeProfile>} Profile
 * @typedef {import("./workbenchCache.mjs").WorkbenchTools} WorkbenchTools
 * @param {Profile} profile
 */
function profileArguments({ folder, userData, extensions }) {
  return ["--user-data-dir", userData, "--extensions-dir", extensions, "--config", join(folder, "code-server.yaml")];
}

/**
 * @param {WorkbenchTools} tools
 * @param {Profile} profile
 * @param {readonly string[]} packages .vsix files
 */
export function installExtensions({ node, server }, profile, packages) {
  const args = [server, ...profileArguments(profile), ...packages.flatMap((file) => ["--install-extension", file])];
  const { status, stdout, stderr } = spawnSync(node, args, { env: cleanEnvironment(), encoding: "utf8" });
  const installed = stdout.match(/was successfully installed/g)?.length ?? 0;
  if (status === 0 && installed === packages.length) return;
  throw new Failure(`The workbench did not install ${packages.join(", ")} (exit code ${status}):\n${stdout}${stderr}`);
}

/**
 * Serves the profile's workspace on a free port of this machine; resolves when it answers.
 * @param {WorkbenchTools} tools
 * @param {Profile} profile
 * @param {object} [options]
 * @param {readonly string[]} [options.args] more arguments of code-server
 * @param {Readonly<Record<string, string>>} [options.env]
 */
export async function startWorkbench(
  { node, server },
  profile,
  { args = ["--disable-workspace-trust"], env = {} } = {},
) {
  const serverArguments = [
    server,
    ...profileArguments(profile),
    ...["--auth", "none", "--bind-addr", "127.0.0.1:0"],
    ...["--disable-telemetry", "--disable-update-check", ...args],
    profile.workspace,
  ];
  const guarded = startGuarded(node, serverArguments, { ...cleanEnvironment(), ...env });
  let log = "";
  /** @type {Promise<string>} */
  const listening = new Promise((resolve) => {
    for (const stream of guarded.output) {
      stream.setEncoding("utf8").on("data", (text) => {
        log += text;
        const address = /HTTP server listening on (http:\/\/127\.0\.0\.1:\d+)/.exec(log)?.[1];
        if (address) resolve(address);
      });
    }
  });
  const failed = guarded.ended.then(() => {
    throw new Failure(`The workbench ended before it answered:\n${log}`);
  });
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(
      () => reject(new Failure(`The workbench did not answer in ${startLimitMs / 1000} s:\n${log}`)),
      startLimitMs,
    );
  });
  try {
    const address = await Promise.race([listening, failed, late]);
    const url = `${address}/?folder=${encodeURIComponent(profile.workspace)}`;
    const answer = await fetch(url);
    if (!answer.ok) throw new Failure(`The workbench answered ${answer.status} at ${url}:\n${log}`);
    await answer.arrayBuffer();
    return { url, mark: guarded.mark, ended: guarded.ended, stop: guarded.stop, log: () => log };
  } catch (error) {
    await guarded.stop();
    throw error;
  } finally {
    clearTimeout(timer);
    failed.catch(() => undefined);
  }
}
