/**
 * The parts of TensorFlow.js that hooks touch, as structural types. The user's copy is any version from 3 on,
 * so everything that older or newer versions may lack is optional and checked before use.
 */

export type TypedArray = Float32Array | Int32Array | Uint8Array;

export interface TensorLike {
  readonly dataId: object;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly size: number;
  readonly isDisposed?: boolean;
}

export interface VariableLike extends TensorLike {
  readonly name: string;
  readonly trainable: boolean;
  assign(value: TensorLike): void;
}

export interface BackendLike {
  readSync(dataId: object): unknown;
  incRef?(dataId: object): void;
  disposeData?(dataId: object, force?: boolean): boolean;
}

export type RunKernel = (name: string, inputs: Record<string, unknown>, attributes?: object) => unknown;
export type Gradients = (
  f: () => TensorLike,
  xs: readonly TensorLike[],
  dy?: TensorLike,
  allowNoGradients?: boolean,
) => { value: TensorLike; grads: (TensorLike | null | undefined)[] };

export interface EngineLike {
  readonly backendName: string | null;
  readonly state: {
    readonly tensorInfo: { get(dataId: object): { readonly backend: BackendLike } | undefined };
    readonly numTensors?: number;
  };
  readonly registeredVariables: Readonly<Record<string, VariableLike>>;
  runKernel: RunKernel;
  gradients: Gradients;
  removeDataId?(dataId: object, backend: BackendLike): void;
}

/** tfjs-layers' wrapper around a variable. */
export interface LayerVariableLike {
  readonly originalName?: string;
  readonly name: string;
  readonly trainable: boolean;
  readonly val?: VariableLike;
  read(): VariableLike;
}

export interface NodeLike {
  readonly inboundLayers: readonly LayerLike[];
  /** Which output of each of them. */
  readonly tensorIndices?: readonly number[];
  /** One shape, or a list of them. */
  readonly inputShapes?: unknown;
  readonly outputShapes?: unknown;
}

export interface LayerLike {
  readonly name: string;
  readonly built?: boolean;
  readonly trainable?: boolean;
  readonly inboundNodes?: readonly NodeLike[];
  readonly weights: readonly LayerVariableLike[];
  readonly batchInputShape?: readonly (number | null)[];
  getClassName(): string;
  apply(inputs: unknown, kwargs?: unknown): unknown;
  call?(inputs: unknown, kwargs?: unknown): unknown;
}

/** Sequential, Functional and every other layer that holds layers in a graph. */
export interface ContainerLike extends LayerLike {
  readonly layers: readonly LayerLike[];
  readonly inputLayers?: readonly LayerLike[];
  readonly outputLayers?: readonly LayerLike[];
  readonly outputLayersTensorIndices?: readonly number[];
  readonly containerNodes?: ReadonlySet<string>;
  /** Of a Sequential: the functional model that does its work. */
  readonly model?: LayerLike;
}

export interface BatchNormalizationLike extends LayerLike {
  readonly axis: number;
  readonly momentum: number;
  readonly epsilon: number;
  readonly gamma?: LayerVariableLike;
  readonly beta?: LayerVariableLike;
  readonly movingMean?: LayerVariableLike;
  readonly movingVariance?: LayerVariableLike;
}

export type NamedGradients = Readonly<Record<string, TensorLike>> | readonly { name: string; tensor: TensorLike }[];

export interface OptimizerLike {
  readonly learningRate?: number;
  applyGradients(gradients: NamedGradients): unknown;
}

export function isTensor(value: unknown): value is TensorLike {
  return typeof value === "object" && value !== null && "dataId" in value && "dtype" in value && "shape" in value;
}

export function isVariable(value: unknown): value is VariableLike {
  return isTensor(value) && "assign" in value && "name" in value;
}

export function isLayer(value: unknown): value is LayerLike {
  return typeof value === "object" && value !== null && "getClassName" in value && "inboundNodes" in value;
}

const plainCells = new Set(["SimpleRNNCell", "GRUCell", "LSTMCell", "ConvLSTM2DCell", "StackedRNNCells"]);

/** A cell of TensorFlow.js's own recurrent layers: what it gives at each time step is the layer's output. */
export function isPlainCell(layer: LayerLike): boolean {
  return "stateSize" in layer && plainCells.has(layer.getClassName());
}

export function isContainer(layer: LayerLike): layer is ContainerLike {
  return Array.isArray((layer as Partial<ContainerLike>).layers) && "outputs" in layer;
}

export function isBatchNormalization(layer: LayerLike): layer is BatchNormalizationLike {
  return "movingMean" in layer || "movingVarianceInitializer" in layer;
}
