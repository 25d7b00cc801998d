import { workerData } from "node:worker_threads";
import { blackboard, control, type HelperData, type SharedKernels, takePieces } from "./threadProtocol.js";

// A helper's whole life: sleep, take pieces, sleep. It ends with the process.
const { module, memory, board: shared, thread } = workerData as HelperData;
const instance = new WebAssembly.Instance(module as WebAssembly.Module, { env: { memory } });
const kernels = instance.exports as unknown as SharedKernels;
const board = blackboard(shared);
const { control: state } = board;

for (let seen = 0; ; seen = Atomics.load(state, control.call)) {
  Atomics.wait(state, control.call, seen);
  Atomics.add(state, control.inside, 1);
  try {
    if (Atomics.load(state, control.open) === 1) takePieces(board, kernels, thread);
  } catch {
    Atomics.store(state, control.failed, 1);
  }
  Atomics.sub(state, control.inside, 1);
  Atomics.notify(state, control.inside);
}
