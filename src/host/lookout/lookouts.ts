import { Worker } from "node:worker_threads";
import type { FromLookout, LookoutNews, ToLookout } from "../../protocol/lookout.js";
import type { RuleSettings } from "../../stats/rules/ruleSettings.js";
import { Disposable } from "../disposable.js";
import { type Lookout, RunLookout } from "./runLookout.js";

/** What it throws away is small: with Node's own limit it would fill tens of MB before it is collected. */
const limits = { maxYoungGenerationSizeMb: 6 };

interface Followed {
  readonly folder: string;
  readonly rules: Partial<RuleSettings>;
  readonly tell: (news: LookoutNews) => void;
  /** Where there is no thread. */
  here: RunLookout | null;
}

/**
 * Follows runs in a thread, which is there as long as any run is followed. In the memory that all extensions share V8 would
 * collect everything every few seconds for what the rules look at and throw away; the thread's own memory is small. Where
 * there can be no thread, or it has ended, the runs are followed here.
 */
export class Lookouts extends Disposable {
  private readonly followed = new Map<number, Followed>();
  private thread: Worker | null = null;
  private isUsable = true;
  private lastId = 0;

  /** @param file the thread's bundle */
  constructor(
    private readonly file: string,
    private readonly log: (problem: string, cause: unknown) => void,
  ) {
    super();
    this._register({
      dispose: () => {
        for (const { here } of this.followed.values()) here?.dispose();
        this.followed.clear();
        this.rest();
      },
    });
  }

  /** Begins with the first `look`. */
  follow(folder: string, rules: Partial<RuleSettings>, tell: (news: LookoutNews) => void): Lookout {
    const id = ++this.lastId;
    const run: Followed = { folder, rules, tell, here: null };
    this.followed.set(id, run);
    if (!this.post({ type: "follow", id, folder, rules })) this.followHere(run);
    return {
      look: () => {
        if (run.here !== null) run.here.look();
        else if (this.followed.has(id)) this.post({ type: "look", id });
      },
      dispose: () => {
        run.here?.dispose();
        this.followed.delete(id);
        if (this.followed.size === 0) this.rest();
        else if (run.here === null) this.post({ type: "leave", id });
      },
    };
  }

  /** False where there is no thread. */
  private post(message: ToLookout): boolean {
    if (this.isUsable && !this.isDisposed) this.thread ??= this.start();
    this.thread?.postMessage(message);
    return this.thread !== null;
  }

  private start(): Worker | null {
    try {
      const thread = new Worker(this.file, {
        execArgv: [],
        env: { ...process.env, NODE_OPTIONS: "" },
        resourceLimits: limits,
      });
      thread.unref();
      thread.on("message", ({ id, news }: FromLookout) => this.followed.get(id)?.tell(news));
      thread.on("error", (error) => this.fallBack(error));
      return thread;
    } catch (error) {
      this.isUsable = false;
      this.log("There can be no thread that looks for findings: they are looked for beside everything else.", error);
      return null;
    }
  }

  private fallBack(cause: unknown): void {
    this.isUsable = false;
    this.thread = null;
    this.log("The thread that looks for findings has ended: they are looked for beside everything else.", cause);
    for (const run of this.followed.values()) {
      this.followHere(run);
      run.here?.look();
    }
  }

  private followHere(run: Followed): void {
    run.here ??= new RunLookout(run.folder, run.rules, run.tell);
  }

  private rest(): void {
    void this.thread?.terminate();
    this.thread = null;
  }
}
