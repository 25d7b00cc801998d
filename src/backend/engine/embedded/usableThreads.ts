import { availableParallelism } from "node:os";
import { isMainThread } from "node:worker_threads";

/** Overrides the number of threads; 1 for none beside the script's own. */
const threadsVariable = "LAYERSCOPE_THREADS";
const mostThreads = 8;
/** Even when more are asked for. */
const mostThreadsAsked = 64;

/** Threads that may work at once, the script's own among them. */
export function usableThreads(): number {
  const asked = Number(process.env[threadsVariable]);
  const wanted = asked >= 1 ? Math.min(mostThreadsAsked, asked) : Math.min(mostThreads, availableParallelism());
  // A script's own workers share the processors already.
  return isMainThread ? Math.floor(wanted) : 1;
}
