import type { LayerDistance, LayerSummary } from "../../protocol/views.js";
import { matchLayers } from "./layerMatch.js";
import type { SessionView } from "./sessionView.js";

/**
 * How far the newest output of each layer of the first run is from that of the other runs, the farthest first. Layers
 * that no other run has, or without numbers, are left out.
 */
export function layerDistances(sessions: readonly SessionView[]): LayerDistance[] {
  const [shown, ...others] = sessions;
  if (shown === undefined) return [];
  const matches = others.map((session) => ({ session, match: matchLayers(shown, session) }));
  const found = shown.layers.flatMap(({ index }) => {
    const own = shown.summaries.get(index);
    const distances = matches.flatMap(({ session, match }) => {
      const other = session.summaries.get(match.layer(index) ?? -1);
      const distance = own === undefined || other === undefined ? null : distanceOf(own.last, other.last);
      return distance === null ? [] : [distance];
    });
    return distances.length === 0 ? [] : [{ layer: index, sigma: Math.max(...distances) }];
  });
  return found.sort((a, b) => b.sigma - a.sigma || a.layer - b.layer);
}

/**
 * The larger of two: the means' distance in standard deviations (of both together), and the natural logarithm of the
 * standard deviations' ratio. Infinity where only one of them is finite; null where one is not known.
 */
function distanceOf(a: LayerSummary["last"], b: LayerSummary["last"]): number | null {
  if (a.mean === undefined || b.mean === undefined || a.variance === undefined || b.variance === undefined) return null;
  const finite = [a, b].map(({ mean, variance }) => Number.isFinite(mean) && Number.isFinite(variance));
  if (finite.includes(false)) return finite.includes(true) ? Number.POSITIVE_INFINITY : 0;
  const apart = Math.abs(a.mean - b.mean);
  const ofMeans = apart === 0 ? 0 : apart / Math.sqrt((a.variance + b.variance) / 2);
  const ofDeviations = a.variance === b.variance ? 0 : Math.abs(Math.log(a.variance / b.variance)) / 2;
  return Math.max(ofMeans, ofDeviations);
}
