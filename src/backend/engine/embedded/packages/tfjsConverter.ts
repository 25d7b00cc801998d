export * from "@tensorflow/tfjs-converter";
