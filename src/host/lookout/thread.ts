import { parentPort } from "node:worker_threads";
import type { FromLookout, ToLookout } from "../../protocol/lookout.js";
import { RunLookout } from "./runLookout.js";

const followed = new Map<number, RunLookout>();

parentPort?.on("message", (message: ToLookout) => {
  const { id } = message;
  switch (message.type) {
    case "follow": {
      const tell = (news: FromLookout["news"]) => parentPort?.postMessage({ id, news } satisfies FromLookout);
      followed.set(id, new RunLookout(message.folder, message.rules, tell));
      break;
    }
    case "look":
      followed.get(id)?.look();
      break;
    case "leave":
      followed.get(id)?.dispose();
      followed.delete(id);
      break;
    default:
      message satisfies never;
  }
});
