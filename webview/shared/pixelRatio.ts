/** Tells when the workbench is zoomed or its window goes to a screen of another resolution: what is drawn is blurred from then on. */
export function onPixelRatioChange(listener: () => void): void {
  const query = matchMedia(`(resolution: ${window.devicePixelRatio}dppx)`);
  query.addEventListener(
    "change",
    () => {
      onPixelRatioChange(listener);
      listener();
    },
    { once: true },
  );
}
