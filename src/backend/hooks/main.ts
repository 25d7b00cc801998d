/** dist/hooks.cjs: loaded by the preload at the moment when TensorFlow.js appears in the process. */

export { Session } from "./session.js";
