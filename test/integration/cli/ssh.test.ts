import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { userInfo } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { listRuns } from "../../../src/run/runList.js";
import { runCli, waitFor, workspace } from "./cliProcess.js";
import { trainingScript } from "./scripts.js";

const server = "/usr/sbin/sshd";
const hasSsh = existsSync(server) && spawnSync("ssh", ["-V"]).status === 0;
if (!hasSsh) console.log("Training over ssh is not tested: there is no sshd here (openssh-server).");

it("trains in an empty environment", async () => {
  const cwd = workspace({ "train.js": trainingScript(3) });
  const env = Object.fromEntries(Object.keys(process.env).map((name) => [name, undefined]));
  const { code, stdout, stderr } = await runCli(["train", "train.js"], {
    cwd,
    env: { ...env, NODE_OPTIONS: undefined },
  });
  expect({ code, stdout }, stderr).toEqual({ code: 0, stdout: "trained\n" });
  expect(listRuns(join(cwd, ".layerscope", "runs")).map(({ run }) => run.steps)).toEqual([3]);
});

describe.runIf(hasSsh)("over ssh, where no shell of a login has set anything", () => {
  let folder = "";
  let port = 0;
  let daemon: ChildProcess;

  beforeAll(async () => {
    folder = workspace();
    for (const key of ["host", "user"])
      execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(folder, key)]);
    port = await freePort();
    if (userInfo().uid === 0) mkdirSync("/run/sshd", { recursive: true });
    const options = [
      `Port=${port}`,
      "ListenAddress=127.0.0.1",
      `HostKey=${join(folder, "host")}`,
      `AuthorizedKeysFile=${join(folder, "user.pub")}`,
      "StrictModes=no",
      "UsePAM=no",
      "PermitRootLogin=yes",
      "PidFile=none",
    ].flatMap((option) => ["-o", option]);
    let log = "";
    daemon = spawn(server, ["-D", "-e", "-f", "/dev/null", ...options], { stdio: ["ignore", "ignore", "pipe"] });
    daemon.stderr?.on("data", (text: Buffer) => {
      log += text;
    });
    await waitFor(
      () => /Server listening/.test(log),
      () => log,
    );
  });
  afterAll(() => daemon.kill());

  function ssh(command: string, ...options: readonly string[]): ChildProcess {
    const known = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"];
    const to = ["-i", join(folder, "user"), "-p", String(port), `${userInfo().username}@127.0.0.1`];
    return spawn("ssh", [...options, ...known, ...to, command], { stdio: ["pipe", "pipe", "inherit"] });
  }

  function layerscope(cwd: string): string {
    return `cd '${cwd}' && '${process.execPath}' '${resolve("dist/cli.cjs")}' train train.js`;
  }

  it("trains, with the script's output and exit code", async () => {
    const cwd = workspace({ "train.js": `${trainingScript(3)} process.exitCode = 7;` });
    const client = ssh(layerscope(cwd));
    let stdout = "";
    client.stdout?.on("data", (text: Buffer) => {
      stdout += text;
    });
    const code = await new Promise((done) => client.once("close", done));
    expect({ code, stdout }).toEqual({ code: 7, stdout: "trained\n" });
    expect(listRuns(join(cwd, ".layerscope", "runs")).map(({ run }) => run.steps)).toEqual([3]);
  });

  it("keeps every step of a run whose connection is lost, as the script ends without us", async () => {
    const cwd = workspace();
    writeFileSync(join(cwd, "train.js"), trainingScript(1e7));
    const newest = () => listRuns(join(cwd, ".layerscope", "runs"))[0];
    // A test that fails leaves no endless training behind.
    onTestFinished(() => {
      const run = newest();
      if (run?.status === "running") process.kill(run.run.process.id, "SIGKILL");
    });
    const client = ssh(layerscope(cwd), "-tt");
    await waitFor(
      () => (newest()?.run.steps ?? 0) > 20,
      () => "no steps",
    );
    client.kill("SIGKILL");
    await waitFor(
      () => newest()?.status === "stopped",
      () => JSON.stringify(newest()),
    );
    expect(newest()?.run).toMatchObject({ signal: "SIGHUP" });
    expect(newest()?.run.steps).toBeGreaterThan(20);
  });
});

function freePort(): Promise<number> {
  const probe = createServer();
  return new Promise((done) => {
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => done(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
