import { parentPort } from "node:worker_threads";

/**
 * In a worker thread of the script: parents often terminate a worker as soon as it has answered, and then no `exit`
 * handler runs. So what is recorded goes to disk before an answer goes out.
 */
export function flushBeforeAnswers(flush: () => void): void {
  if (parentPort === null) return;
  const original = parentPort.postMessage;
  parentPort.postMessage = function (this: typeof parentPort, ...parameters: Parameters<typeof original>): void {
    flush();
    original.apply(this, parameters);
  };
}
