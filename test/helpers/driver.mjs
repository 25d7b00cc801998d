import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const reachLimitMs = 60_000;

/**
 * Packages one of the small extensions of this folder.
 * @param {string} name
 * @param {string} folder where the package goes
 * @returns {Promise<string>} the .vsix
 */
export async function packHelper(name, folder) {
  const { createVSIX } = await import("@vscode/vsce");
  const cwd = fileURLToPath(new URL(name, import.meta.url));
  const packagePath = join(folder, `${name}.vsix`);
  await createVSIX({ cwd, packagePath, dependencies: false, allowMissingRepository: true, skipLicense: true });
  return packagePath;
}

/**
 * No file yet, or nobody at its port.
 * @param {unknown} error
 */
function isUnreached(error) {
  const { code, cause } = /** @type {NodeJS.ErrnoException} */ (error);
  return code === "ENOENT" || /** @type {NodeJS.ErrnoException | undefined} */ (cause)?.code === "ECONNREFUSED";
}

/**
 * The other end of the driver extension.
 * @param {string} file where the extension names its port
 */
export function makeDriver(file) {
  const token = randomUUID();

  /** @param {string} body */
  async function post(body) {
    const { port } = JSON.parse(readFileSync(file, "utf8"));
    const headers = { authorization: `Bearer ${token}` };
    return fetch(`http://127.0.0.1:${port}/`, { method: "POST", headers, body });
  }

  return {
    /** For the workbench. */
    env: { LAYERSCOPE_DRIVER_FILE: file, LAYERSCOPE_DRIVER_TOKEN: token },

    /**
     * Runs a function in the extension host. It is sent as text: it sees its arguments and nothing around it.
     * Waits for an extension host that is starting, or starting again.
     * @template {unknown[]} A
     * @template T
     * @param {(code: typeof import("vscode"), ...args: A) => T} work
     * @param {A} args
     * @returns {Promise<Awaited<T>>}
     */
    async evaluate(work, ...args) {
      const body = JSON.stringify({ source: work.toString(), args });
      const deadline = Date.now() + reachLimitMs;
      for (;;) {
        try {
          const answer = /** @type {{ ok: true, value: Awaited<T> } | { ok: false, error: string }} */ (
            await (await post(body)).json()
          );
          if (answer.ok) return answer.value;
          throw new Error(answer.error);
        } catch (error) {
          // Once it has been reached it is not asked twice: the work may have been done.
          if (!isUnreached(error)) throw error;
          if (Date.now() > deadline) throw new Error("The extension host does not answer.", { cause: error });
          await delay(200);
        }
      }
    },
  };
}
