import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { agentTools } from "../../../src/agent/agentTools.js";

const { contributes } = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8"));

it("package.json declares the tools as they are", () => {
  const declared = (contributes.languageModelTools as readonly Record<string, unknown>[]).map(
    ({ name, modelDescription, inputSchema }) => ({ name, description: modelDescription, inputSchema }),
  );
  expect(declared).toEqual(
    agentTools.map(({ name, description, inputSchema }) => ({ name, description, inputSchema })),
  );
});
