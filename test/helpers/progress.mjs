import { performance } from "node:perf_hooks";

/** @param {number} milliseconds */
export function seconds(milliseconds) {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}

/**
 * One line when a step begins and one when it ends, with its time.
 * @template T
 * @param {string} title
 * @param {() => Promise<T> | T} work
 */
export async function step(title, work) {
  const start = performance.now();
  console.log(`… ${title}`);
  try {
    const result = await work();
    console.log(`✓ ${title} (${seconds(performance.now() - start)})`);
    return result;
  } catch (error) {
    console.log(`✗ ${title} (${seconds(performance.now() - start)})`);
    throw error;
  }
}

/** An error whose message says it all: printed without a stack. */
export class Failure extends Error {}

/** @param {unknown} error */
export function report(error) {
  const told = error instanceof Failure || (error instanceof Error && "errors" in error); // esbuild's are told already
  console.error(told ? `\n${error.message}` : error);
}
