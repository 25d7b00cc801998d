export * from "@tensorflow/tfjs-data";
