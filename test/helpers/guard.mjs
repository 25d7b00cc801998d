// Runs a command in a process group of its own and ends all of it when our stdin closes: the one thing that
// happens however the parent dies. Usage: node guard.mjs COMMAND ARGS…
import { spawn } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { markedProcesses } from "./markedProcesses.mjs";

const gracePeriodMs = 3000;
const mostRounds = 100;
const [command = "", ...args] = process.argv.slice(2);
const child = spawn(command, args, { stdio: ["ignore", "inherit", "inherit"] });
const ended = new Promise((resolve) => child.on("close", resolve));

/** @param {number} pid @param {NodeJS.Signals} signal */
function send(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch {
    // it has ended by itself
  }
}

function others() {
  return markedProcesses().filter((pid) => pid !== process.pid);
}

let ending = false;
async function end() {
  if (ending) return;
  ending = true;
  if (process.platform === "win32") {
    spawn("taskkill", ["/T", "/F", "/PID", String(child.pid)], { stdio: "ignore" });
    await ended;
    process.exit();
  }
  send(-process.pid, "SIGTERM");
  await Promise.race([ended, delay(gracePeriodMs)]);
  // Terminals are sessions of their own: what runs in them is not in our group. More may be starting while we look.
  for (let round = 0; round < mostRounds && others().length > 0; round += 1) {
    for (const pid of others()) send(pid, "SIGKILL");
    await delay(50);
  }
  send(-process.pid, "SIGKILL");
}

child.on("error", (error) => {
  console.error(error.message);
  process.exit(127);
});
child.on("exit", () => void end());
process.stdin.on("end", () => void end()).on("error", () => void end());
process.stdin.resume();
for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) process.on(signal, () => void end());
