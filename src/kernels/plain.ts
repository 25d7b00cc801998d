import { foldLanes, type KernelValues, type Measured, type MeasureOptions } from "./measured.js";

/** `StatisticsKernel.measure` in plain JavaScript: same numbers, about a tenth of the speed. */
export function measurePlain(values: KernelValues, options: Required<MeasureOptions>): Measured {
  const { channels, inner, saturation } = options;
  const shift = new Float64Array(channels);
  const sum = new Float64Array(channels);
  const square = new Float64Array(channels);
  const count = new Float64Array(channels);
  const zeros = new Float64Array(channels);
  const lost = new Float64Array(channels);
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  let nanCount = 0;
  let saturated = 0;
  for (let at = 0, channel = 0; at < values.length; channel = channel + 1 < channels ? channel + 1 : 0) {
    for (const end = at + inner; at < end; at++) {
      const value = values[at] as number;
      if (!Number.isFinite(value)) {
        lost[channel] = (lost[channel] as number) + 1;
        if (Number.isNaN(value)) nanCount++;
        continue;
      }
      if (count[channel] === 0) shift[channel] = value;
      const shifted = value - (shift[channel] as number);
      sum[channel] = (sum[channel] as number) + shifted;
      square[channel] = (square[channel] as number) + shifted * shifted;
      count[channel] = (count[channel] as number) + 1;
      if (value === 0) zeros[channel] = (zeros[channel] as number) + 1;
      if (value < min) min = value;
      if (value > max) max = value;
      if (saturation === "tanh") saturated += Math.abs(value) > 0.97 ? 1 : 0;
      else if (saturation === "sigmoid") saturated += value > 0.97 || value < 0.03 ? 1 : 0;
    }
  }
  const lanes = { length: channels, shift, sum, square, count, zeros, lost };
  return foldLanes(lanes, (lane) => lane, { count: values.length, min, max, nanCount, saturated }, options);
}
