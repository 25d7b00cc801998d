import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import { build } from "esbuild";
import type { InstallProgress } from "../../../src/engines/installProgress.js";
import { findManagedEngine, type ManagedEngine, type ManagedManifest } from "../../../src/engines/managed.js";
import { type MiniatureEngine, makeMiniatureEngine } from "./miniatureEngine.js";
import { type PackageIndex, startPackageIndex } from "./packageIndex.js";

export interface InstallEnd {
  readonly outcome?: "installed" | "already";
  readonly folder?: string;
  readonly manifest?: ManagedManifest;
  readonly code?: string;
  readonly message?: string;
}

export interface RunningInstall {
  readonly child: ChildProcess;
  readonly reports: readonly InstallProgress[];
  /** Resolves when a report fits. */
  readonly until: (fits: (progress: InstallProgress) => boolean) => Promise<void>;
  /** Null when the process was killed. */
  readonly end: Promise<InstallEnd | null>;
}

export interface InstallSettings {
  readonly env?: NodeJS.ProcessEnv;
  readonly node?: string;
  readonly force?: boolean;
  readonly spec?: MiniatureEngine["spec"];
  /** Put before the command (`unshare …`). */
  readonly prefix?: readonly string[];
}

/** Index, wheels, packages and a runner for tests of installations; each `cache` is a fresh one. */
export class EngineLab {
  private constructor(
    readonly folder: string,
    readonly index: PackageIndex,
    readonly engine: MiniatureEngine,
    private readonly runner: string,
  ) {}

  static async open(): Promise<EngineLab> {
    const folder = mkdtempSync(join(tmpdir(), "layerscope-engines-"));
    chmodSync(folder, 0o755);
    const parts = { wheels: "" };
    const index = await startPackageIndex(() => parts.wheels);
    const engine = makeMiniatureEngine(folder, `${index.host}/official`);
    parts.wheels = engine.wheels;
    const runner = join(folder, "runner.cjs");
    await build({
      entryPoints: [join(import.meta.dirname, "installRunner.ts")],
      bundle: true,
      platform: "node",
      outfile: runner,
      logLevel: "warning",
    });
    return new EngineLab(folder, index, engine, runner);
  }

  async close(): Promise<void> {
    await this.index.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  freshCache(): string {
    return mkdtempSync(join(this.folder, "cache-"));
  }

  /** The environment of a user whose pip is set to our index and whose npm knows nothing but the packed packages. */
  env(cache: string): NodeJS.ProcessEnv {
    const kept = Object.entries(process.env).filter(([name]) => !/^(?:PIP_|NODE_OPTIONS$|VITEST|CXX$)/i.test(name));
    return {
      ...Object.fromEntries(kept),
      LAYERSCOPE_CACHE: cache,
      PIP_CONFIG_FILE: "/dev/null",
      PIP_INDEX_URL: `${this.index.host}/simple/`,
      npm_config_registry: `${this.index.host}/npm/`,
      LAYERSCOPE_TEST_COMPILER: pathOf("c++"),
    };
  }

  /** PATH with nothing but these programs, and those that each of them starts. */
  pathWith(programs: readonly string[]): string {
    const folder = mkdtempSync(join(this.folder, "bin-"));
    for (const program of ["sh", "getconf", "as", "ld", ...programs]) {
      const target = program === "python3" ? pythonPath() : pathOf(program);
      symlinkSync(target, join(folder, program));
    }
    return folder;
  }

  install(cache: string, settings: InstallSettings = {}): RunningInstall {
    const specPath = join(mkdtempSync(join(this.folder, "spec-")), "spec.json");
    writeFileSync(specPath, JSON.stringify(settings.spec ?? this.engine.spec));
    chmodSync(join(specPath, ".."), 0o755);
    const command = [
      ...(settings.prefix ?? []),
      process.execPath,
      this.runner,
      specPath,
      settings.node ?? process.execPath,
      settings.force ? "force" : "",
    ];
    const child = spawn(command[0] ?? "", command.slice(1), {
      env: { ...this.env(cache), ...settings.env },
      stdio: ["pipe", "pipe", "inherit"],
    });
    return follow(child);
  }

  found(cache: string): ManagedEngine | null {
    return findManagedEngine({ LAYERSCOPE_CACHE: cache });
  }

  /** What the engine's addon answers: 42. */
  answer(engine: ManagedEngine, node: string = process.execPath): string {
    const script = "process.stdout.write(String(require(process.argv[1]).answer()))";
    return execFileSync(node, ["-e", script, engine.packageFolder], { encoding: "utf8" });
  }

  /** A folder of this lab with a file in it. */
  folderWith(file: string, content: string): string {
    const folder = mkdtempSync(join(this.folder, "folder-"));
    mkdirSync(join(folder, file, ".."), { recursive: true });
    writeFileSync(join(folder, basename(file)), content);
    return folder;
  }
}

function follow(child: ChildProcess): RunningInstall {
  const reports: InstallProgress[] = [];
  const waiting: { fits: (progress: InstallProgress) => boolean; resolve: () => void }[] = [];
  let end: InstallEnd | null = null;
  if (child.stdout === null) throw new Error("the runner has no output");
  createInterface(child.stdout).on("line", (line) => {
    const value = JSON.parse(line) as InstallEnd & { progress?: InstallProgress };
    if (value.progress === undefined) {
      end = value;
      return;
    }
    reports.push(value.progress);
    for (const waiter of waiting) if (waiter.fits(value.progress)) waiter.resolve();
  });
  const closed = new Promise<InstallEnd | null>((resolve) => child.once("close", () => resolve(end)));
  return {
    child,
    reports,
    until: (fits) =>
      Promise.race([
        new Promise<void>((resolve) => waiting.push({ fits, resolve })),
        closed.then((value) => {
          throw new Error(`it ended before that: ${JSON.stringify(value)}`);
        }),
      ]),
    end: closed,
  };
}

function pathOf(program: string): string {
  return execFileSync("sh", ["-c", `command -v ${program}`], { encoding: "utf8" }).trim();
}

/** Behind the shims of a version manager. */
export function pythonPath(): string {
  return execFileSync("python3", ["-c", "import sys; print(sys.executable)"], { encoding: "utf8" }).trim();
}
