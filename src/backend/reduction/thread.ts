import { workerData } from "node:worker_threads";
import { kernelsIn } from "../../kernels/kernels.js";
import { newReductionRoom, reduced, valuesAt } from "./reduced.js";
import type { ReducerData } from "./reducerData.js";
import { ReductionBoard } from "./reductionBoard.js";

// The helper's whole life: sleep, reduce tensors, sleep. It ends with the process.
const { memory, board: shared, room } = workerData as ReducerData;
const board = new ReductionBoard(shared);
const end = room.at + room.bytes;
let free = room.at;
const kernels = kernelsIn({
  memory,
  // The engine's own allocation is for the script's thread only.
  allocate(bytes) {
    const at = free;
    const next = at + Math.ceil(bytes / 16) * 16;
    if (next > end) throw new RangeError(`The helper's memory has no ${bytes} bytes left.`);
    free = next;
    return at;
  },
});
const into = newReductionRoom();

while (kernels !== null) {
  board.waitForPost();
  const number = board.claim();
  if (number === null) continue;
  const startMs = performance.now();
  try {
    const wanted = board.wanted(number);
    board.answer(number, reduced(kernels, valuesAt(memory, wanted), wanted, into));
  } catch {
    // The script's thread sees that there is no answer, and finds it itself.
    board.answer(number, null);
  }
  board.busy(performance.now() - startMs);
  board.finished();
}
