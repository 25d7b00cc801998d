/** SavedModels are graphs of TensorFlow's own operations, so they need TensorFlow itself. */
function refuse(name: string): never {
  throw new Error(
    `tf.node.${name} needs TensorFlow itself, and this process runs on Layerscope's embedded engine. ` +
      "Install the native engine with `layerscope engine install`, or convert the model with tensorflowjs_converter " +
      "and load it with tf.loadGraphModel or tf.loadLayersModel.",
  );
}

export async function getMetaGraphsFromSavedModel(): Promise<never> {
  return refuse("getMetaGraphsFromSavedModel");
}

export async function loadSavedModel(): Promise<never> {
  return refuse("loadSavedModel");
}

/** None are loaded, since none can be. */
export function getNumOfSavedModels(): number {
  return 0;
}
