import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { startGuarded } from "./guardedProcess.mjs";
import { Failure } from "./progress.mjs";
import { cleanEnvironment } from "./workbench.mjs";

/** Inside a VS Code terminal over a connection, `code` only talks to that window. */
function hasDisplay() {
  const { DISPLAY, WAYLAND_DISPLAY, VSCODE_IPC_HOOK_CLI, SSH_CONNECTION, CI } = process.env;
  if (VSCODE_IPC_HOOK_CLI || SSH_CONNECTION || CI) return false;
  return process.platform !== "linux" || Boolean(DISPLAY || WAYLAND_DISPLAY);
}

/**
 * VS Code on this desktop, where there is one.
 * @returns {string | null} its command
 */
export function usableDesktop() {
  if (!hasDisplay() || process.platform === "win32") return null;
  const places = (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, "code"));
  const found = places.find((place) => {
    try {
      accessSync(place, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
  return found ?? null;
}

/**
 * Resolves when the window is closed or `askedToEnd`.
 * @param {string} command
 * @param {import("./workbench.mjs").Profile} profile
 * @param {readonly string[]} packages .vsix files
 * @param {Promise<void>} askedToEnd
 */
export async function runDesktop(command, profile, packages, askedToEnd) {
  const folders = ["--user-data-dir", profile.userData, "--extensions-dir", profile.extensions];
  const install = [...folders, ...packages.flatMap((file) => ["--install-extension", file])];
  const { status, stderr } = spawnSync(command, install, { env: cleanEnvironment(), encoding: "utf8" });
  if (status !== 0) throw new Failure(`${command} did not install the extension (exit code ${status}):\n${stderr}`);
  const env = { ...cleanEnvironment(), LAYERSCOPE_DRIVER_FILE: profile.driverFile, LAYERSCOPE_DRIVER_START: "1" };
  const args = [...folders, "--disable-workspace-trust", "--new-window", "--wait", profile.workspace];
  const window = startGuarded(command, args, env);
  console.log(`\nVS Code opens ${profile.workspace} and trains the sample. Ctrl+C, or closing the window, ends it.`);
  await Promise.race([askedToEnd, window.ended]);
  await window.stop();
}
