import { Legend } from "../charts/legend.js";
import { noPoints } from "../charts/points.js";
import { styles } from "../charts/traceStyle.js";
import { t } from "./translate.js";

/** What the lines of the small charts mean, said once for all of them. */
export function layerKey(): HTMLElement {
  const none = { keys: [], derive: () => noPoints };
  return new Legend([
    { ...none, id: "batch", kind: "line", label: t("legendBatch"), style: styles.batch },
    { ...none, id: "running", kind: "line", label: t("legendRunning"), style: styles.running },
    { ...none, id: "deviation", kind: "band", label: t("legendDeviation"), style: styles.band },
  ]).element;
}
