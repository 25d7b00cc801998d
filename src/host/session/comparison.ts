import { basename } from "node:path";
import type { ComparedRun, CompareMessage } from "../../protocol/views.js";
import { Disposable, type Release } from "../disposable.js";
import { Emitter, type Listenable } from "../emitter.js";
import { axisMap } from "./axisMap.js";
import { layerDistances } from "./layerDistances.js";
import { matchLayers } from "./layerMatch.js";
import { runDifferences } from "./runDifferences.js";
import type { SessionChange, SessionView } from "./sessionView.js";

export const mostCompared = 8;

/** Where runs come from: the shown one, and others beside it. */
export interface RunSource {
  readonly current: SessionView | null;
  open(folder: string): SessionView;
  /** A run beside the shown one; the caller disposes it. */
  beside(folder: string): SessionView & Release;
  readonly onDidChangeCurrent: Listenable<SessionView | null>;
  readonly onDidChange: Listenable<SessionChange>;
}

/** What outlives a reload of the window. */
export interface ComparisonMemory {
  get(key: string, fallback: readonly string[]): readonly string[];
  update(key: string, folders: readonly string[]): unknown;
}

const comparedKey = "layerscope.compared";

/** `run`: index of the run whose rows or epochs changed; null: other runs are compared than before, or none. */
export interface ComparisonChange {
  readonly run: number | null;
  readonly change: SessionChange | null;
}

/** Which runs are compared: the shown one and up to seven others. Showing another run ends it. */
export class Comparison extends Disposable {
  private readonly changed = this._register(new Emitter<ComparisonChange>());
  readonly onDidChange = this.changed.event;
  private others: readonly (SessionView & Release)[] = [];
  private subscriptions: readonly Release[] = [];

  constructor(
    private readonly source: RunSource,
    private readonly memory: ComparisonMemory,
  ) {
    super();
    this._register(
      source.onDidChangeCurrent(() => {
        if (this.isOn) this.leave();
      }),
    );
    this._register(
      source.onDidChange((change) => {
        if (this.isOn) this.changed.fire({ run: 0, change });
      }),
    );
    this._register({ dispose: () => this.close() });
  }

  get isOn(): boolean {
    return this.others.length > 0;
  }

  /** The compared runs, the shown one first; none while nothing is compared. */
  get sessions(): readonly SessionView[] {
    const { current } = this.source;
    return current === null || !this.isOn ? [] : [current, ...this.others];
  }

  /** Shows the first and compares the others with it; fewer than two leave the comparison. */
  compare(folders: readonly string[]): void {
    const [first, ...rest] = [...new Set(folders)].slice(0, mostCompared);
    if (first === undefined || rest.length === 0) {
      this.leave();
      return;
    }
    this.close();
    this.source.open(first);
    this.others = rest.map((folder) => this.source.beside(folder));
    this.subscriptions = this.others.map((session, at) =>
      session.onDidChange((change) => this.changed.fire({ run: at + 1, change })),
    );
    this.tell();
  }

  leave(): void {
    if (!this.isOn) return;
    this.close();
    this.tell();
  }

  /** After a reload: the runs that were compared, if the first of them is shown again. */
  restore(): void {
    const folders = this.memory.get(comparedKey, []);
    if (!this.isOn && folders.length > 1 && this.source.current?.folder === folders[0]) this.compare(folders);
  }

  /** While it is held all compared runs are read often enough for a live picture. */
  watch(): Release {
    const watches = this.others.map((session) => session.watch());
    return {
      dispose: () => {
        for (const watch of watches) watch.dispose();
      },
    };
  }

  message(): CompareMessage {
    const { sessions } = this;
    const [shown] = sessions;
    if (shown === undefined) return { type: "compare", runs: [], differences: [], distances: [] };
    const names = uniqueNames(sessions);
    const runs = sessions.map((session, at) => comparedRun(shown, session, names[at] as string));
    return { type: "compare", runs, differences: runDifferences(sessions), distances: layerDistances(sessions) };
  }

  private tell(): void {
    const folders = this.sessions.map(({ folder }) => folder);
    void this.memory.update(comparedKey, folders);
    this.changed.fire({ run: null, change: null });
  }

  private close(): void {
    const { others, subscriptions } = this;
    this.others = [];
    this.subscriptions = [];
    for (const subscription of subscriptions) subscription.dispose();
    for (const session of others) session.dispose();
  }
}

function comparedRun(shown: SessionView, session: SessionView, name: string): ComparedRun {
  const match = matchLayers(shown, session);
  const { to, from } = session.extent();
  const end = (axis: "epoch" | "time") => (to < from ? null : (axisMap(session, axis)?.toAxis(to) ?? null));
  return {
    folder: session.folder,
    id: session.run?.id ?? basename(session.folder),
    name,
    label: session.label,
    status: session.status,
    steps: session.steps,
    loss: session.header().loss,
    epochs: session.epochs,
    end: { step: Math.max(0, to), epoch: end("epoch"), time: end("time") },
    missingLayers: shown.layers.filter(({ index }) => match.layer(index) === null).map(({ index }) => index),
  };
}

/** What the user called them, else script and start; the id where that is not enough. */
function uniqueNames(sessions: readonly SessionView[]): string[] {
  const names = sessions.map(({ run, label, folder }) => {
    if (label.name !== null) return label.name;
    return run === null ? basename(folder) : `${basename(run.script.path)} ${localTime(run.startedAt)}`;
  });
  return names.map((name, at) => {
    if (names.indexOf(name) === names.lastIndexOf(name)) return name;
    return `${name} (${sessions[at]?.run?.id ?? at + 1})`;
  });
}

/** `11-21 10:40:05` where the user is. */
function localTime(iso: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return iso;
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}
