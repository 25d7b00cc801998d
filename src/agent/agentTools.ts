import { answerFindings, answerLayers, answerRuns, answerSeries, QuestionError, type RunSource } from "./runAnswers.js";

/** JSON schema, as far as these tools need it. */
export interface InputSchema {
  readonly type: "object";
  readonly properties: Readonly<Record<string, PropertySchema>>;
  readonly required?: readonly string[];
}

export interface PropertySchema {
  readonly type: "string" | "integer";
  readonly description: string;
  readonly minimum?: number;
}

/** A question that an agent can ask; the same in VS Code and over MCP. */
export interface AgentTool {
  readonly name: string;
  readonly title: string;
  /** For the model: when to ask. */
  readonly description: string;
  readonly inputSchema: InputSchema;
  answer(source: RunSource, input: Readonly<Record<string, unknown>>): object;
}

const run: PropertySchema = {
  type: "string",
  description: "Id or folder of a run, or `latest`. Left out: the run on screen, else the newest.",
};

export const agentTools: readonly AgentTool[] = [
  {
    name: "layerscope_findings",
    title: "Findings of a training run",
    description:
      "What is wrong with the layers of a recorded TensorFlow.js training (BatchNorm statistics that inference will not see, dead or saturated units, vanishing or exploding gradients, NaN, unshuffled data, …): for each finding its level, layer, channel, step, source line, what was got and wanted, and what to do. Ask this first when a training is bad.",
    inputSchema: { type: "object", properties: { run } },
    answer: (source, input) => answerFindings(source, text(input, "run")),
  },
  {
    name: "layerscope_layers",
    title: "Layers of a training run",
    description:
      "The layers of a recorded TensorFlow.js training, each with the line of source that made it and its last numbers (mean, variance, extremes, zeros, saturation, drift; for BatchNorm batch and running statistics, gap and mean shift; gradient and weight norms, update ratio). With `layer`: everything about that one, its weights and configuration too.",
    inputSchema: {
      type: "object",
      properties: { run, layer: { type: "string", description: "Name or path of a layer. Left out: all layers." } },
    },
    answer: (source, input) => answerLayers(source, text(input, "run"), text(input, "layer")),
  },
  {
    name: "layerscope_series",
    title: "One statistic over the steps",
    description:
      "One statistic of a recorded TensorFlow.js training over its steps: `loss` of the run, or of a layer for example mean, variance, batchMean, runningMean, gap, meanShift, zeroFraction, nanCount, gradientNorm, updateRatio. An unknown name is answered with the list of names.",
    inputSchema: {
      type: "object",
      properties: {
        run,
        layer: { type: "string", description: "Name or path of a layer; not for statistics of the whole step." },
        statistic: { type: "string", description: "Name of the statistic." },
        channel: { type: "integer", minimum: 0, description: "Only this channel of a statistic over channels." },
        points: { type: "integer", minimum: 1, description: "At most so many values, evenly chosen; 60 if left out." },
      },
      required: ["statistic"],
    },
    answer: (source, input) => {
      const statistic = text(input, "statistic");
      if (statistic === undefined) throw new QuestionError("Missing `statistic`, for example loss.");
      const [channel, points] = [integer(input, "channel", 0), integer(input, "points", 1)];
      return answerSeries(source, { run: text(input, "run"), layer: text(input, "layer"), statistic, channel, points });
    },
  },
  {
    name: "layerscope_runs",
    title: "Recorded training runs",
    description:
      "The recorded TensorFlow.js trainings, newest first: id, folder, script, status, steps, engine, and which run started it.",
    inputSchema: { type: "object", properties: {} },
    answer: (source) => answerRuns(source),
  },
];

function text(input: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = input[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string") return value;
  throw new QuestionError(`Got ${JSON.stringify(value)} for \`${name}\`, wanted a text.`);
}

function integer(input: Readonly<Record<string, unknown>>, name: string, minimum: number): number | undefined {
  const value = input[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value === "number" && Number.isInteger(value) && value >= minimum) return value;
  throw new QuestionError(`Got ${JSON.stringify(value)} for \`${name}\`, wanted an integer from ${minimum} on.`);
}
