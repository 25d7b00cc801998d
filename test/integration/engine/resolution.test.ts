import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { EngineChoice } from "../../../src/protocol/options.js";
import { resultOf, runScript } from "../backend/runScript.js";
import { type Installed, importForms, Project, seededTraining } from "./projects.js";

const projects = new Map<Installed, Project>();
beforeAll(() => {
  for (const installed of ["nothing", "tfjs", "broken"] as const) projects.set(installed, new Project(installed));
});
afterAll(() => {
  for (const project of projects.values()) project.remove();
});

/** Nobody's managed engine shall decide what is tested here. */
const env = { LAYERSCOPE_CACHE: "/nonexistent" };

function run(installed: Installed, form: string, packageName: string, engine: EngineChoice, start = "") {
  const { extension, text } = importForms[form] as (typeof importForms)[string];
  const name = `${packageName.replaceAll(/\W/g, "-")}-${form.replaceAll(/\W/g, "")}.${extension}`;
  const project = projects.get(installed) as Project;
  const script = project.write(name, start + text(packageName) + seededTraining);
  const result = runScript(script, { engine, budget: "scalars" }, { env });
  return { ...result, engine: result.runs[0]?.run.engine };
}

const forms = Object.keys(importForms);

describe.each(["nothing", "tfjs", "broken"] as const)("%s installed", (installed) => {
  test.each(forms)("tfjs-node, %s: the embedded engine, and why", (form) => {
    const { exitCode, engine, ...result } = run(installed, form, "@tensorflow/tfjs-node", "auto");
    expect(result.stderr).toBe("");
    expect(exitCode).toBe(0);
    expect(engine?.name).toBe("embedded");
    expect(engine?.reason).toMatch(
      installed === "broken" ? /native addon of @tensorflow\/tfjs-node 4\.\d+\.\d+ is missing/ : /not installed/,
    );
    expect(engine?.versions["@tensorflow/tfjs-core"]).toMatch(/^4\./);
  });

  test.each(forms)(
    "tfjs, %s: the script's own choice where it works, the embedded engine where there is none",
    (form) => {
      const { exitCode, engine } = run(installed, form, "@tensorflow/tfjs", "auto");
      expect(exitCode).toBe(0);
      expect(engine?.name).toBe(installed === "nothing" ? "embedded" : "cpu");
      if (installed !== "nothing") expect(engine?.reason).toContain("--engine embedded");
    },
  );

  test("embedded on request, also for plain tfjs", () => {
    const { exitCode, engine } = run(installed, "import { … }", "@tensorflow/tfjs", "embedded");
    expect(exitCode).toBe(0);
    expect(engine?.name).toBe("embedded");
  });

  test.each(["@tensorflow/tfjs", "@tensorflow/tfjs-node"])("native that cannot be had: %s", (packageName) => {
    const { exitCode, stdout, stderr } = run(installed, "require", packageName, "native");
    expect(exitCode).toBe(70);
    expect(stdout).toBe("");
    expect(stderr.trim().split("\n").at(-1)).toMatch(
      /^layerscope: .*no managed native engine.*layerscope engine install/,
    );
  });
});

test("a script that chooses the JavaScript backend gets it, and is told", () => {
  const own = importForms.require?.text("@tensorflow/tfjs") ?? "";
  const script = projects.get("nothing")?.write("cpu.cjs", `${own}tf.setBackend("cpu");${seededTraining}`) ?? "";
  const onCpu = runScript(script, { engine: "embedded", budget: "scalars" }, { env });
  expect(onCpu.exitCode).toBe(0);
  expect(onCpu.runs[0]?.run.engine?.name).toBe("cpu");
  expect(onCpu.runs[0]?.run.engine?.reason).toContain("its own choice");
});

test("tf.setBackend('tensorflow') stays valid", () => {
  const own = importForms.require?.text("@tensorflow/tfjs-node") ?? "";
  const script =
    projects.get("broken")?.write("named.cjs", `${own}tf.setBackend("tensorflow");${seededTraining}`) ?? "";
  const result = runScript(script, { engine: "auto", budget: "scalars" }, { env });
  expect(resultOf(result).backend).toBe("tensorflow");
  expect(result.runs[0]?.run.engine?.name).toBe("embedded");
});

test("tfjs first and tfjs-node later, as in many scripts", () => {
  for (const installed of ["nothing", "tfjs", "broken"] as const) {
    const first = `const early = require("@tensorflow/tfjs"); const before = early.tensor1d([1, 2]);`;
    const { exitCode, engine, stderr } = run(installed, "require", "@tensorflow/tfjs-node", "auto", first);
    expect([installed, exitCode, engine?.name, stderr.includes("already")]).toEqual([installed, 0, "embedded", false]);
  }
});

/** Same script, same numbers: 1e-5 of their size over 20 steps of Adam. */
test("losses are the same on the embedded engine, in every kind of project, and in plain JavaScript", () => {
  const plain = resultOf(run("tfjs", "require", "@tensorflow/tfjs", "auto"));
  expect(plain.backend).toBe("cpu");
  const wanted = plain.losses as number[];
  expect(wanted).toHaveLength(20);
  for (const installed of ["nothing", "tfjs", "broken"] as const) {
    const { losses } = resultOf(run(installed, "import *", "@tensorflow/tfjs-node", "auto"));
    for (const [step, loss] of (losses as number[]).entries()) {
      expect(Math.abs(loss / (wanted[step] as number) - 1)).toBeLessThan(1e-5);
    }
  }
});
