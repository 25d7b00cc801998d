/** Tells the recorder's own worker thread from the script's, where a preload runs in both. */
export const recorderThreadName = "layerscope-recorder";
