#!/usr/bin/env node
import { exitCodes } from "./commandIo.js";
import { dispatch } from "./dispatch.js";

const [major = 0] = process.versions.node.split(".").map(Number);
if (major < 20) {
  process.stderr.write(`layerscope: needs Node 20 or newer, and this is ${process.version}.\n`);
  process.exit(exitCodes.internal);
}

for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    // `layerscope show latest | head`: whoever read has seen enough.
    if (error.code !== "EPIPE") throw error;
  });
}

const interrupt = new AbortController();
// Under `train` and `exec` the script decides what Ctrl+C means; childProcess.ts hands signals on.
const onSignal = () => interrupt.abort();
process.on("SIGINT", onSignal);

void dispatch(process.argv.slice(2), {
  stdout: (text) => void process.stdout.write(text),
  stderr: (text) => void process.stderr.write(text),
  cwd: process.cwd(),
  env: process.env,
  signal: interrupt.signal,
}).then((code) => {
  // Not process.exit: a long output to a pipe is still on its way.
  process.exitCode = code;
  process.off("SIGINT", onSignal);
});
