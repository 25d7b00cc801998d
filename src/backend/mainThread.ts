/**
 * Node takes `chdir` away from worker threads and marks what it puts in its place. Asking that costs nothing, where
 * loading `worker_threads` would cost each process as much as all the rest of the preload.
 */
export function isMainThread(): boolean {
  return (process.chdir as { readonly disabled?: boolean }).disabled !== true;
}
