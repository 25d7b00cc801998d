import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";

const root = join(import.meta.dirname, "../../..");

export interface CliOutcome {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command line, bundled as it is in the package, beside a copy of the embedded engine. */
export class CliProcess {
  private constructor(
    readonly folder: string,
    private readonly program: string,
  ) {}

  static async make(): Promise<CliProcess> {
    const folder = mkdtempSync(join(tmpdir(), "layerscope-cli-"));
    const outfile = join(folder, "cli.cjs");
    const settings = { bundle: true, platform: "node", format: "cjs", logLevel: "warning" } as const;
    const define = { __LAYERSCOPE_VERSION__: '"0.0.0-test"' };
    await build({ ...settings, define, absWorkingDir: root, entryPoints: ["src/cli/main.ts"], outfile });
    const embedded = join(root, "dist/embedded");
    if (existsSync(embedded)) cpSync(embedded, join(folder, "embedded"), { recursive: true });
    return new CliProcess(folder, outfile);
  }

  run(args: readonly string[], options: { cwd: string; env?: NodeJS.ProcessEnv; node?: string }): CliOutcome {
    const { status, stdout, stderr } = spawnSync(options.node ?? process.execPath, [this.program, ...args], {
      cwd: options.cwd,
      env: { ...process.env, NODE_OPTIONS: "", ...options.env },
      encoding: "utf8",
    });
    return { exitCode: status, stdout, stderr };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
