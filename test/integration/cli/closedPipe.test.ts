import { expect, it } from "vitest";
import { startCli, workspace } from "./cliProcess.js";

it("says nothing when its output is read no further", async () => {
  const { child, end } = startCli(["--help"], { cwd: workspace() });
  child.stdout?.destroy();
  const { code, stderr } = await end;
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
});
