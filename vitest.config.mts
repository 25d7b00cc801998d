import { defineConfig } from "vitest/config";

/** Real processes on a busy machine may need a second try; `npm test` names each test that did. */
const retry = 1;

/** Unit: pure. Integration: real processes on dist/. End to end: the packaged extension in a real workbench. */
export default defineConfig({
  define: { __LAYERSCOPE_VERSION__: JSON.stringify("0.0.0-test") },
  test: {
    globalSetup: "test/helpers/temporaryFolder.mjs",
    // What comes true sooner is seen sooner; a slow machine needs this long.
    expect: { poll: { timeout: 45_000 } },
    projects: [
      { extends: true, test: { name: "unit", include: ["test/unit/**/*.test.ts"] } },
      {
        extends: true,
        test: {
          name: "integration",
          include: ["test/integration/**/*.test.ts"],
          retry,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          fileParallelism: false,
          retry,
          testTimeout: 300_000,
          hookTimeout: 240_000,
        },
      },
    ],
  },
});
