/** dist/engine.cjs: loaded by the preload when a TensorFlow.js package is asked for, or its engine appears. */

import { dirname, join } from "node:path";
import type { BackendOptions } from "../../protocol/options.js";
import type { EngineInfo } from "../../run/format.js";
import { describe } from "./describe.js";
import { bindEmbedded, bindNative, embeddedFailure, unbind } from "./engineBinding.js";
import type { LoadingModule, ModuleSystem } from "./moduleSystem.js";
import { chooseNative, type NativeChoice, supplyRemovedUtilities } from "./nativeEngine.js";
import { supplyAddon } from "./ownPackage.js";
import { isTooOld, PackageFinder } from "./packageFinder.js";

const embeddedFolder = join(__dirname, "embedded");

/** Decides where each TensorFlow.js package comes from, and with it which engine computes. */
export class EngineResolver {
  readonly #finder: PackageFinder;
  /** Why the process runs on what it runs on. */
  #sentence: string;
  #native: NativeChoice | null = null;
  #wanted: "embedded" | "native" | null;
  #engine: object | null = null;

  /** `search`: Node's own, before anything was put in front of it. */
  constructor(
    private readonly options: BackendOptions,
    search: ModuleSystem["_resolveFilename"],
  ) {
    this.#sentence = {
      auto: "The script's own choice.",
      embedded: "The embedded engine was asked for.",
      native: "The native engine was asked for.",
    }[options.engine];
    this.#wanted = options.engine === "auto" ? null : options.engine;
    this.#finder = new PackageFinder(embeddedFolder, search);
  }

  /** What computes now, and why. Asked at the first training step. */
  describe(): EngineInfo {
    const failure = this.#engine === null ? null : embeddedFailure(this.#engine);
    return describe(this.#sentence, this.#finder.versions(), failure);
  }

  /** The file for a request; null where the ordinary search gives the right answer (or the right error). */
  resolve(request: string, parent: LoadingModule | null | undefined, extra?: object): string | null {
    const name = this.#finder.packageName(request);
    if (name === null) return null;
    const found = this.#finder.findOwn(request, parent, extra);
    const isOurs = this.#isEmbedding() || this.#finder.isSupplied(parent);
    const own = found !== null && isOurs && isTooOld(found) ? null : found;
    if (name === "tfjs-node" || name === "tfjs-node-gpu") return this.#resolveNode(own, parent);
    if (name === "tfjs-backend-wasm" && this.options.engine === "embedded") return this.#finder.bundled(name);
    return this.#handOver(own, parent) ?? (own === null ? this.#finder.bundled(name) : null);
  }

  #isEmbedding(): boolean {
    return this.#wanted === "embedded" || this.#finder.isBundledCore();
  }

  /** A script that asks for tfjs-node. */
  #resolveNode(own: string | null, parent: LoadingModule | null | undefined): string | null {
    if (this.options.engine === "embedded") return this.#embedded(own, this.#sentence);
    const choice = this.#chooseNative(own);
    this.#sentence = choice.sentence;
    if (choice.kind !== "none" && this.#engine !== null) unbind(this.#engine);
    switch (choice.kind) {
      case "own":
        return this.#handOver(choice.entry, parent);
      case "managed":
        if (own !== null) this.#finder.addProject(dirname(own));
        else if (parent?.filename) this.#finder.addProject(dirname(parent.filename));
        return choice.entry;
      case "none":
        if (this.options.engine === "native") refuse(choice.sentence);
        return this.#embedded(own, `${choice.sentence}; \`layerscope engine install\` would bring the native one.`);
      default:
        return choice satisfies never;
    }
  }

  /** For a tfjs-node that is about to run without having been asked for through `resolve`. */
  replacement(entry: string): string | null {
    return this.#finder.isSupplied({ filename: entry }) ? null : this.#resolveNode(entry, null);
  }

  /** What a project file finds by itself needs no help; the packages that we supply are not where it would be found. */
  #handOver(own: string | null, parent: LoadingModule | null | undefined): string | null {
    return this.#finder.isSupplied(parent) ? own : null;
  }

  #embedded(own: string | null, sentence: string): string | null {
    this.#sentence = sentence;
    this.#wanted = "embedded";
    if (this.#engine !== null) {
      const trouble = this.#finder.isBundledCore() ? null : this.#finder.coreTrouble();
      if (trouble !== null) throw new Error(`${sentence} ${trouble}: update it, or require tfjs-node before it.`);
      bindEmbedded(this.#engine, embeddedFolder);
    }
    const shim = this.#finder.bundled("tfjs-node");
    if (own !== null) this.#finder.addProject(dirname(own));
    return shim;
  }

  #chooseNative(own: string | null): NativeChoice {
    if (this.#native === null) {
      supplyRemovedUtilities();
      this.#native = chooseNative(own);
      if (this.#native.kind === "managed") {
        supplyAddon(dirname(dirname(this.#native.entry)), this.#native.addon);
        this.#finder.addCarrier(this.#native.folder);
      }
    }
    return this.#native;
  }

  /** The engine of the script's tfjs-core was made just now; backends are chosen when the first tensor is. */
  bind(engine: object): void {
    this.#engine = engine;
    if (
      this.#wanted === null &&
      this.#finder.isBundledCore() &&
      (this.#native === null || this.#native.kind === "none")
    ) {
      this.#wanted = "embedded";
      this.#sentence = "No TensorFlow.js is installed in this project; the embedded engine stands in.";
    }
    if (this.#wanted === "embedded") {
      const trouble = this.#finder.isBundledCore() ? null : this.#finder.coreTrouble();
      if (trouble === null) bindEmbedded(engine, embeddedFolder);
      else this.#sentence = `${trouble}.`;
    }
    if (this.#wanted === "native" && this.#native === null) bindNative(engine, () => this.#nativeOrRefuse());
  }

  #nativeOrRefuse(): Exclude<NativeChoice, { kind: "none" }> {
    const trouble = this.#finder.coreTrouble("native");
    if (trouble !== null) refuse(trouble, "Update it");
    // Its `import` and its `require` give two copies, of which the engine would get the one that does not train.
    if ("deno" in process.versions) refuse("In Deno the native engine needs tfjs-node", "Import @tensorflow/tfjs-node");
    const choice = this.#chooseNative(this.#finder.findOwn("@tensorflow/tfjs-node", null));
    this.#sentence = choice.sentence;
    return choice.kind === "none" ? refuse(choice.sentence) : choice;
  }
}

/** `--engine native` was asked for and cannot be had: nothing that would run instead is what the user wants. */
function refuse(sentence: string, action = "Run `layerscope engine install`"): never {
  process.stderr.write(`layerscope: ${sentence}. ${action}, or train with \`--engine auto\`.\n`);
  process.exit(70);
}
