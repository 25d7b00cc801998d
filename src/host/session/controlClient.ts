import { connect } from "node:net";
import type { FromTraining, ToTraining } from "../../protocol/control.js";

const defaultTimeoutMs = 3000;

/**
 * Sends one request to the training process behind `socketPath` (`RunFile.control`) and gives its answer. Never
 * rejects: a process that is gone or does not answer in time is an answer too.
 */
export function sendControl(
  socketPath: string,
  request: ToTraining,
  timeoutMs = defaultTimeoutMs,
): Promise<FromTraining> {
  return new Promise((resolve) => {
    let text = "";
    const socket = connect(socketPath);
    const finish = (answer: FromTraining) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setEncoding("utf8");
    socket.setTimeout(timeoutMs, () =>
      finish({ ok: false, error: `The training process did not answer within ${timeoutMs / 1000} s.` }),
    );
    socket.once("connect", () => socket.write(`${JSON.stringify(request)}\n`));
    socket.on("data", (chunk: string) => {
      text += chunk;
      const end = text.indexOf("\n");
      if (end >= 0) finish(parseAnswer(text.slice(0, end)));
    });
    socket.once("error", (error) =>
      finish({ ok: false, error: `The training process cannot be reached: ${error.message}.` }),
    );
    socket.once("close", () => finish({ ok: false, error: "The training process ended before it answered." }));
  });
}

function parseAnswer(line: string): FromTraining {
  try {
    const answer = JSON.parse(line) as Partial<FromTraining> | null;
    if (answer?.ok === true) return { ok: true };
    if (answer?.ok === false && typeof answer.error === "string") return { ok: false, error: answer.error };
  } catch {
    // Said below.
  }
  return { ok: false, error: `Got ${line.slice(0, 80)}, wanted an answer of a training process.` };
}
