import { existsSync, readFileSync, statSync } from "node:fs";
import { connect } from "node:net";
import { dirname, join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { sendControl } from "../../../src/host/session/controlClient.js";
import { type ListedRun, listRuns } from "../../../src/run/runList.js";
import { RunReader, rowsOf } from "../../../src/run/runReader.js";
import { networkSockets } from "../../helpers/networkSockets.js";
import { type CliRun, startCli, waitFor, workspace } from "./cliProcess.js";
import { trainingScript } from "./scripts.js";

/** A training that goes on until it is stopped; its loop never yields to the event loop. */
async function startTraining(
  cwd: string,
  options: readonly string[] = [],
): Promise<{ cli: CliRun; listed: ListedRun; socket: string }> {
  const cli = startCli(["train", ...options, "train.js"], { cwd });
  // It hands the signal on: a test that fails leaves no endless training behind.
  onTestFinished(() => void cli.child.kill());
  const listed = await waitFor(() => {
    const run = listRuns(join(cwd, ".layerscope", "runs"))[0];
    return run !== undefined && run.run.steps > 3 && run.run.control !== null ? run : null;
  }, cli.stderr);
  return { cli, listed, socket: listed.run.control ?? "" };
}

/** Newest step whose rows are on disk: the run's own number of steps may be ahead of them. */
function stepOnDisk(folder: string): number {
  let newest = 0;
  for (const { step } of rowsOf(new RunReader(folder).poll().batches)) newest = Math.max(newest, step);
  return newest;
}

/** Steps at which the first layer's percentiles were taken. */
function capturedSteps(folder: string): number[] {
  return [...rowsOf(new RunReader(folder).poll().batches)]
    .filter(({ table, series, row }) => table === "activations" && series === 0 && row.p50 !== undefined)
    .map(({ step }) => step);
}

function newest(cwd: string): ListedRun | undefined {
  return listRuns(join(cwd, ".layerscope", "runs"))[0];
}

describe("a training that never yields", () => {
  it("answers, refuses what it does not know, and stops", async () => {
    const cwd = workspace({ "train.js": trainingScript(1e7) });
    const { cli, socket } = await startTraining(cwd);
    expect(statSync(socket).mode & 0o777).toBe(0o600);
    expect(statSync(dirname(socket)).mode & 0o777).toBe(0o700);
    expect(await sendControl(socket, { type: "ping" })).toEqual({ ok: true });
    expect(await rawRequest(socket, '{"type":"dance"}\n')).toMatch(
      /"ok":false,"error":"Got .*wanted a request of type stop/,
    );
    expect(await rawRequest(socket, "not json\n")).toMatch(/"ok":false/);
    expect(await sendControl(socket, { type: "budget", budget: "lots" })).toEqual({
      ok: false,
      error: expect.stringContaining('got "lots"'),
    });

    expect(await sendControl(socket, { type: "stop" })).toEqual({ ok: true });
    const { code, stderr } = await cli.end;
    expect(code).toBe(130);
    expect(stderr).toMatch(/stopped, by SIGINT, \d+ steps/);
    const run = newest(cwd);
    expect(run?.status).toBe("stopped");
    expect(run?.run.stopRequestedAt).not.toBeNull();
    expect(existsSync(socket)).toBe(false);
    expect(await sendControl(socket, { type: "ping" })).toMatchObject({
      ok: false,
      error: expect.stringContaining("cannot be reached"),
    });
  });

  it("takes a request for one capture, and another budget, at its next step", async () => {
    const cwd = workspace({ "train.js": trainingScript(1e7) });
    const { cli, listed, socket } = await startTraining(cwd, ["--budget", "0.001"]);
    const captured = () => capturedSteps(listed.folder);
    // By then the first captures, which teach what they cost, are over; so small a budget pays for no other.
    await waitFor(() => stepOnDisk(listed.folder) > 100, cli.stderr);
    const before = captured().length;
    expect(await sendControl(socket, { type: "capture" })).toEqual({ ok: true });
    await waitFor(() => captured().length === before + 1, cli.stderr);
    expect(await sendControl(socket, { type: "budget", budget: "every" })).toEqual({ ok: true });
    const followEachOther = (steps: readonly number[]) =>
      steps.slice(-20).every((step, at) => step === (steps.at(-20) ?? 0) + at);
    await waitFor(() => captured().length > 30 && followEachOther(captured()), cli.stderr);
    await waitFor(() => newest(cwd)?.run.budget === "every", cli.stderr);
    await sendControl(socket, { type: "stop" });
    expect((await cli.end).code).toBe(130);
  });

  it.runIf(process.platform === "linux")("listens on its own socket and on no port", async () => {
    const cwd = workspace({ "train.js": trainingScript(1e7) });
    const { cli, listed, socket } = await startTraining(cwd);
    for (const id of [cli.child.pid as number, listed.run.process.id]) {
      expect(networkSockets(id), `of process ${id}`).toEqual([]);
    }
    const own = readFileSync("/proc/net/unix", "utf8")
      .split("\n")
      .filter((line) => line.endsWith(` ${socket}`));
    expect(own).toHaveLength(1);
    await sendControl(socket, { type: "stop" });
    await cli.end;
  });

  it("leaves a readable run behind when it is killed", async () => {
    const cwd = workspace({ "train.js": trainingScript(1e7) });
    const { cli, listed } = await startTraining(cwd);
    await waitFor(() => (newest(cwd)?.run.steps ?? 0) > 50, cli.stderr);
    process.kill(listed.run.process.id, "SIGKILL");
    expect((await cli.end).stderr).toMatch(/interrupted, by SIGKILL/);
    const reader = new RunReader(listed.folder);
    const { run, status, batches } = reader.poll();
    expect(status).toBe("interrupted");
    const steps = [...rowsOf(batches)].filter(({ table }) => table === "steps").map(({ step }) => step);
    expect(steps).toEqual(Array.from({ length: steps.length }, (_, at) => at + 1));
    expect(steps.length).toBeGreaterThanOrEqual(run.steps);
    expect(steps.length).toBeGreaterThan(50);
  });

  it("is interrupted for whoever looks when its launcher was killed with it", async () => {
    const cwd = workspace({ "train.js": trainingScript(1e7) });
    const { cli, listed } = await startTraining(cwd);
    cli.child.kill("SIGKILL");
    process.kill(listed.run.process.id, "SIGKILL");
    await cli.end;
    expect(newest(cwd)?.run.status).toBe("running");
    await waitFor(
      () => newest(cwd)?.status === "interrupted",
      () => "The run still counts as running.",
    );
  });
});

function rawRequest(path: string, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(path, () => socket.write(text));
    socket.once("data", (answer) => {
      socket.destroy();
      resolve(answer.toString());
    });
    socket.once("error", reject);
  });
}
