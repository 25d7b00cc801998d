import { isMainThread } from "./mainThread.js";

type Send = (this: unknown, ...parameters: unknown[]) => unknown;

/**
 * Parents often end a worker thread or a forked child as soon as it has answered, and then no `exit` handler runs. So
 * what is recorded goes to disk before an answer goes out. To be called before the script, which may keep what sends.
 */
export function flushBeforeAnswers(flush: () => void): void {
  if (isMainThread()) {
    const { send } = process;
    if (send !== undefined) process.send = flushingFirst(send as Send, flush) as typeof send;
    return;
  }
  const { parentPort } = require("node:worker_threads") as typeof import("node:worker_threads");
  if (parentPort !== null) parentPort.postMessage = flushingFirst(parentPort.postMessage as Send, flush);
}

function flushingFirst(send: Send, flush: () => void): Send {
  return function (...parameters) {
    flush();
    return send.apply(this, parameters);
  };
}
