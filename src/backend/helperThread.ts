import { Worker } from "node:worker_threads";
import { optionsVariable } from "../protocol/options.js";

/** What a thread of ours throws away is small: with Node's own limit it would fill tens of MB before it is collected. */
export const threadLimits = { maxYoungGenerationSizeMb: 6 };

/**
 * Starts a thread that works for the script's and ends with the process.
 * @throws where Node's permission model forbids threads
 */
export function startHelperThread(file: string, workerData: unknown): void {
  const worker = new Worker(file, {
    workerData,
    // Our preload has nothing to do there, nor has anybody else's.
    env: { ...process.env, [optionsVariable]: "", NODE_OPTIONS: "" },
    execArgv: [],
    resourceLimits: threadLimits,
  });
  worker.on("error", () => undefined);
  worker.unref();
}
