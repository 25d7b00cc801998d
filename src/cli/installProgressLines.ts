import type { InstallProgress } from "../engines/installProgress.js";

/** Writes an installation's progress: one line that is rewritten on a terminal, else one line per step. */
export function installProgressLines(
  write: (text: string) => void,
  isTerminal: boolean,
): { readonly report: (progress: InstallProgress) => void; readonly end: () => void } {
  let label = "";
  let open = false;
  const end = () => {
    if (open) write("\n");
    open = false;
  };
  const report = (progress: InstallProgress) => {
    if (progress.label !== label) {
      end();
      if (!isTerminal) write(`${progress.label} …\n`);
    }
    label = progress.label;
    if (!isTerminal) return;
    const percent = `${Math.round(progress.fraction * 100)} %`.padStart(5);
    write(`\r\x1b[K${percent}  ${label}${amount(progress)}`);
    open = true;
  };
  return { report, end };
}

function amount({ bytes, totalBytes }: InstallProgress): string {
  if (bytes === null || totalBytes === null) return " …";
  return `: ${Math.round(bytes / 1e6)} of ${Math.round(totalBytes / 1e6)} MB`;
}
