import { readNamedSeries } from "../run/inputChannels.js";
import { jsonText } from "../run/jsonText.js";
import { readWholeRun } from "../run/readWholeRun.js";
import { namedSeries, SeriesNameError } from "../run/seriesName.js";
import { type CommandIo, usageError } from "./commandIo.js";
import { parseCommandLine, requiredValue } from "./commandLine.js";
import { openRun, tellDamage, withRunErrors } from "./openRun.js";
import { shortNumber, textTable } from "./textTable.js";

export const seriesUsage = "layerscope series RUN --layer NAME --stat NAME [--runs DIR] [--json]";

/** One statistic over the steps. */
export function seriesCommand(args: readonly string[], io: CommandIo): number {
  const line = parseCommandLine(
    args,
    { layer: { type: "string" }, stat: { type: "string" }, runs: { type: "string" }, json: { type: "boolean" } },
    seriesUsage,
  );
  const reader = openRun(line, io, seriesUsage);
  const statistic = requiredValue(line, "stat", seriesUsage);
  const points = withRunErrors(() => {
    const { run } = readWholeRun(reader, () => undefined, false);
    const named = withNameErrors(() => namedSeries(run, statistic, line.values.get("layer")));
    return readNamedSeries(reader, run, named);
  });
  tellDamage(reader.damage, io);
  if (line.flags.has("json")) io.stdout(jsonText(points));
  else
    io.stdout(
      textTable(
        ["step", statistic],
        points.map(({ step, value }) => [step, valueText(value)]),
      ),
    );
  return 0;
}

/** A name that is not there is bad usage: exit 64. */
function withNameErrors<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof SeriesNameError) throw usageError(`${error.message} Usage: ${seriesUsage}`, error);
    throw error;
  }
}

function valueText(value: number | Float32Array): string {
  return typeof value === "number" ? shortNumber(value) : Array.from(value, shortNumber).join(" ");
}
