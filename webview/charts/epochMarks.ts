import { t } from "../shared/translate.js";

export interface EpochMark {
  /** Step at which the epoch ended. */
  readonly step: number;
  /** Empty where there is no room for it. */
  readonly label: string;
}

const leastGapPx = 24;
const leastLabelGapPx = 40;
const multiples = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 10_000, 100_000] as const;

/**
 * The ends of epochs within from..to, thinned to round epoch numbers where they are many.
 * @param ends step at which each epoch ended, the first epoch first
 */
export function epochMarks(
  ends: readonly number[],
  { from, to }: { readonly from: number; readonly to: number },
  widthPx: number,
): EpochMark[] {
  const shown = ends.map((step, i) => ({ step, epoch: i + 1 })).filter(({ step }) => step > from && step < to);
  if (shown.length === 0 || widthPx <= 0) return [];
  const [first = 0, last = 0] = [shown[0]?.step, shown.at(-1)?.step];
  const gapSteps = shown.length > 1 ? (last - first) / (shown.length - 1) : to - from;
  const gapPx = (gapSteps / (to - from)) * widthPx;
  const every = multiples.find((multiple) => multiple * gapPx >= leastGapPx);
  if (every === undefined) return [];
  const hasRoom = every * gapPx >= leastLabelGapPx;
  return shown
    .filter(({ epoch }) => epoch % every === 0)
    .map(({ step, epoch }) => ({ step, label: hasRoom ? t("epochMark", epoch) : "" }));
}
