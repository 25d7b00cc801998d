import { expect } from "vitest";
import type { View } from "./pages/view.js";

interface ViewMatchers<R> {
  /** The view comes to say this, within half a minute. */
  toSay: (sentence: string | RegExp) => Promise<R>;
  /** The view comes to draw a chart of this layer at this step or later, within half a minute. */
  toDraw: (layer: string, step?: number) => Promise<R>;
}

declare module "vitest" {
  interface Matchers<T> extends ViewMatchers<T> {}
}

const patienceMs = 90_000;
const pauseMs = 100;

async function comesTrue(condition: () => Promise<boolean>): Promise<boolean> {
  const deadline = Date.now() + patienceMs;
  while (!(await condition())) {
    if (Date.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  return true;
}

expect.extend({
  async toSay(view: View, sentence: string | RegExp) {
    let text = "";
    const pass = await comesTrue(async () => {
      text = await view.text();
      return typeof sentence === "string" ? text.includes(sentence) : sentence.test(text);
    });
    return { pass, message: () => `The ${view.name} view says\n${text}\nwanted ${sentence}` };
  },

  async toDraw(view: View, layer: string, step = 1) {
    let steps: readonly number[] = [];
    const pass = await comesTrue(async () => {
      steps = (await view.charts(layer)).map((chart) => chart.step);
      return steps.some((drawn) => drawn >= step);
    });
    const got = steps.length === 0 ? "no chart" : `steps ${steps.join(", ")}`;
    return { pass, message: () => `The ${view.name} view has drawn ${got} of ${layer}; step ${step} is wanted.` };
  },
});
