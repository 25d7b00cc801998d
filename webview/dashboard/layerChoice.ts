import type { RunModel } from "../shared/runModel.js";
import type { StateStore } from "./viewState.js";

/** Which layer the dashboard is about: the one that the user chose, else the worst. */
export class LayerChoice {
  constructor(
    private readonly model: RunModel,
    private readonly state: StateStore,
  ) {}

  /** By the user. */
  choose(index: number): void {
    this.state.set({ selectedLayer: index, isLayerChosen: true });
  }

  /** The user reads this layer's charts: it does not change under their eyes. */
  keep(): void {
    if (this.state.current.selectedLayer !== null) this.state.set({ isLayerSettled: true });
  }

  /** A layer is always shown: the wanted one, the one of before, else the worst. */
  settle(wanted: number | null): void {
    if (wanted !== null && this.model.layer(wanted) !== undefined) this.choose(wanted);
    else if (this.isOpen || this.model.layer(this.state.current.selectedLayer) === undefined) this.chooseWorst();
  }

  /** The worst is known once there are numbers, and stays on screen from then on. True where it is another one. */
  update(): boolean {
    const before = this.state.current.selectedLayer;
    if (this.isOpen) this.chooseWorst();
    return this.state.current.selectedLayer !== before;
  }

  private get isOpen(): boolean {
    const { isLayerChosen, isLayerSettled } = this.state.current;
    return !(isLayerChosen || isLayerSettled);
  }

  private chooseWorst(): void {
    if (this.model.layers.length === 0) return;
    const index = this.model.worstLayer?.index ?? null;
    this.state.set({ selectedLayer: index, isLayerChosen: false, isLayerSettled: this.model.isJudged });
  }
}
