import type { RunPoll, RunReader } from "./runReader.js";

/** Polls until everything that is there now has been read; `use` sees each part. Throws RunFolderError. */
export function readWholeRun(
  reader: RunReader,
  use: (poll: RunPoll) => void = () => undefined,
  bodies = true,
): RunPoll {
  for (;;) {
    const poll = reader.poll({ bodies });
    use(poll);
    if (!poll.more) return poll;
  }
}
