// A process that trains networks of networks.cjs and takes orders, so that several can be measured in turns.
import { spawn } from "node:child_process";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const child = join(dirname(fileURLToPath(import.meta.url)), "trainerChild.cjs");

/** @typedef {{ name: string, module: string, requires?: readonly string[], env?: NodeJS.ProcessEnv, habit?: string }} TrainerOptions */
/** @typedef {{ title: string, backend: string, steps: readonly number[], cpuMs: number, othersShare: number, memoryBytes: number }} Answer `othersShare`: cores that the machine's other processes kept busy. */
/** Milliseconds of a step in one turn: by the clock (mean without the slowest twentieth), and of all threads. @typedef {{ clock: number, cpu: number }} Turn */

export class Trainer {
  #process;
  #lines;
  #habit;
  /** @type {Map<string, number[]>} */
  #times = new Map();
  /** @type {Map<string, Turn[]>} */
  #turns = new Map();

  /** @param {TrainerOptions} options `module`: what the child requires as TensorFlow.js; `habit`: see trainerChild.cjs. */
  constructor({ name, module, requires = [], env = {}, habit = "none" }) {
    this.name = name;
    this.#habit = habit;
    const environment = { ...process.env, TF_CPP_MIN_LOG_LEVEL: "2", ...env };
    delete environment.NODE_OPTIONS;
    const preloads = requires.flatMap((file) => ["--require", file]);
    this.#process = spawn(process.execPath, [...preloads, child, module], {
      cwd: tmpdir(),
      env: environment,
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#lines = createInterface(this.#process.stdout)[Symbol.asyncIterator]();
  }

  /** @param {object} order @returns {Promise<Answer>} */
  async #order(order) {
    this.#process.stdin.write(`${JSON.stringify({ ...order, habit: this.#habit })}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`The process of ${this.name} ended.`);
    return JSON.parse(value);
  }

  /**
   * Builds the network and takes the first steps, which compile and allocate. What that costs is nothing in a step longer
   * than `longStepMs`, so that such a one counts.
   * @param {string} network @param {number} [steps] @param {number} [longStepMs]
   */
  async prepare(network, steps = 5, longStepMs = Number.POSITIVE_INFINITY) {
    const answer = await this.#order({ network, steps });
    this.#times.set(
      network,
      answer.steps.filter((time) => time > longStepMs),
    );
    this.#turns.set(network, []);
    return answer;
  }

  /**
   * `fewestSteps`: taken however long they last; `warmUp`: steps before them that are not counted.
   * @param {string} network @param {number} milliseconds @param {number} [fewestSteps] @param {number} [warmUp]
   */
  async measure(network, milliseconds, fewestSteps = 1, warmUp = 0) {
    const answer = await this.#order({ network, milliseconds, steps: fewestSteps, warmUp });
    this.#times.get(network)?.push(...answer.steps);
    this.#turns.get(network)?.push({ clock: trimmedMean(answer.steps), cpu: answer.cpuMs });
    return answer;
  }

  /** @param {string} network */
  median(network) {
    return median(this.#times.get(network) ?? []);
  }

  /** One for each time that `measure` was called. @param {string} network @returns {readonly Turn[]} */
  turns(network) {
    return this.#turns.get(network) ?? [];
  }

  async close() {
    const ended = new Promise((resolve) => this.#process.once("close", resolve));
    this.#process.stdin.end();
    await ended;
  }
}

/** @param {readonly number[]} list */
export function median(list) {
  const sorted = [...list].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** What a budget that works on some steps only is judged by: all but the slowest twentieth. @param {readonly number[]} times */
function trimmedMean(times) {
  const sorted = [...times].sort((a, b) => a - b);
  const kept = sorted.slice(0, sorted.length - Math.floor(sorted.length / 20));
  return kept.reduce((sum, time) => sum + time, 0) / kept.length;
}
