import { execFileSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const cli = join(dirname(fileURLToPath(import.meta.url)), "../../dist/cli.cjs");

/** A tfjs-node that computes: the one that LAYERSCOPE_BENCH_NATIVE names, else the managed one, else none. */
export function nativeModule() {
  const named = process.env.LAYERSCOPE_BENCH_NATIVE;
  if (named !== undefined) return named;
  const list = execFileSync(process.execPath, [cli, "engine", "list", "--json"], { encoding: "utf8" });
  /** @type {{ engines: readonly { current: boolean, packageFolder: string | null }[] }} */
  const { engines } = JSON.parse(list);
  return engines.find(({ current, packageFolder }) => current && packageFolder !== null)?.packageFolder ?? null;
}
