// Preloaded into scripts of other people: their random numbers come from a seed, and the updates of their optimizers are
// counted by other means than Layerscope's. The number is in the file that UPDATES_FILE names when the process ends, which
// is before the next one after UPDATES of them where that is given.
const { writeFileSync } = require("node:fs");
const { Module } = require("node:module");
const { isMainThread } = require("node:worker_threads");

let state = 20_240_607;
Math.random = () => {
  state = (state + 0x6d2b79f5) | 0;
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
};

// tfjs-node asks for what Node 23 has taken away; where Layerscope is not there to supply it, the script could not run.
if (process.env.IS_BARE) require("node:util").isNullOrUndefined ??= (value) => value === null || value === undefined;

let updates = 0;
let depth = 0;
const counted = new Set();

function count(optimizer) {
  const { applyGradients } = optimizer.prototype;
  optimizer.prototype.applyGradients = function (...args) {
    if (depth === 0 && updates === Number(process.env.UPDATES)) process.exit(0);
    if (depth === 0) updates++;
    depth++;
    try {
      return applyGradients.apply(this, args);
    } finally {
      depth--;
    }
  };
}

const load = Module._load;
Module._load = function (request, ...rest) {
  const loaded = load.call(this, request, ...rest);
  if (/[\\/]?@tensorflow[\\/]tfjs-core$/.test(request)) {
    for (const [name, value] of Object.entries(loaded)) {
      if (!/.Optimizer$/.test(name) || counted.has(value) || !Object.hasOwn(value.prototype, "applyGradients"))
        continue;
      counted.add(value);
      count(value);
    }
  }
  return loaded;
};

if (isMainThread) process.on("exit", () => writeFileSync(process.env.UPDATES_FILE, String(updates)));
