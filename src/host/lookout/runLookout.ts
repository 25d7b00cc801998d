import type { LookoutNews } from "../../protocol/lookout.js";
import type { RunFile } from "../../run/format.js";
import { type RunPoll, RunReader } from "../../run/runReader.js";
import { showRules } from "../../run/showRules.js";
import { RuleEngine } from "../../stats/rules/ruleEngine.js";
import type { RuleSettings } from "../../stats/rules/ruleSettings.js";
import { Disposable, type Release } from "../disposable.js";
import { StepClock } from "../session/stepClock.js";

const lookEveryMs = 2000;
/** Bytes read in one go: where there is no thread for it, the extension host must not be held up. */
const pollBytes = 4 * 2 ** 20;

/** Somebody who follows a run. */
export interface Lookout extends Release {
  /** Now, instead of at the next turn. */
  look(): void;
}

/** Reads a run from its beginning to its end, shows it to the rules, and tells what they find. Begins with the first `look`. */
export class RunLookout extends Disposable implements Lookout {
  private readonly reader: RunReader;
  private engine: RuleEngine;
  private readonly clock = new StepClock();
  private run: RunFile | null = null;
  private layersText = "";
  private hasNewLayers = false;
  private findingsText = "";
  private timer: NodeJS.Timeout | undefined;

  constructor(
    folder: string,
    private readonly rules: Partial<RuleSettings>,
    private readonly tell: (news: LookoutNews) => void,
  ) {
    super();
    this.reader = new RunReader(folder);
    this.engine = new RuleEngine(rules);
    this._register({ dispose: () => clearTimeout(this.timer) });
  }

  look(): void {
    clearTimeout(this.timer);
    if (this.isDisposed) return;
    const news = this.read();
    const isEnd = news?.type === "seen" && news.isEnd;
    if (!isEnd) this.timer = setTimeout(() => this.look(), news === null ? 0 : lookEveryMs);
    if (news !== null) this.tell(news);
  }

  /** Null where there is more than is read in one go. */
  private read(): LookoutNews | null {
    try {
      const poll = this.reader.poll({ maxBytes: pollBytes });
      this.take(poll);
      return poll.more ? null : this.judge(poll);
    } catch (error) {
      return { type: "unreadable", message: error instanceof Error ? error.message : String(error) };
    }
  }

  private take({ run, batches, events, reset }: RunPoll): void {
    if (reset) {
      this.engine = new RuleEngine(this.rules);
      this.clock.clear();
      // Which run.json is told to the new engine, also where it is the same as before.
      this.run = null;
      this.layersText = "";
    }
    if (run !== this.run) this.takeLayers(run);
    for (const event of events) this.engine.event(event);
    showRules(this.engine, batches);
    for (const batch of batches) if (batch.table === "steps") this.clock.add(batch);
  }

  /** Every heartbeat brings another run.json, mostly with the same layers. */
  private takeLayers(run: RunFile): void {
    this.run = run;
    const text = JSON.stringify([run.layers, run.weights]);
    if (text === this.layersText) return;
    this.layersText = text;
    this.hasNewLayers = true;
    this.engine.setRun(run);
  }

  private judge({ run, status }: RunPoll): LookoutNews {
    const ended = status !== "running";
    const findings = this.engine.findings({ ended });
    const text = JSON.stringify(findings);
    const isNew = text !== this.findingsText;
    this.findingsText = text;
    const { hasNewLayers } = this;
    this.hasNewLayers = false;
    const { layers: _layers, weights: _weights, ...facts } = run;
    return {
      type: "seen",
      facts,
      status,
      hasNewLayers,
      clock: this.clock.state(),
      findings: isNew ? findings : null,
      isEnd: ended,
    };
  }
}
