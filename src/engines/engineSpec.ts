import { managedTensorflowVersions, managedTfjsNodeVersion } from "./managed.js";
import lockFile from "./managedPackages.json" with { type: "json" };

/** One file of a Python package index, pinned. */
export interface WheelSpec {
  readonly name: string;
  readonly version: string;
  /** pip's platform tag. */
  readonly platform: string;
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** All that an installation fetches, pinned; tests replace it by small parts of their own. */
export interface EngineSpec {
  readonly tfjsNodeVersion: string;
  readonly tensorflowVersion: string;
  /** package.json and package-lock.json of the packages; the lock has every package's integrity and no addresses. */
  readonly packages: { readonly manifest: object; readonly lock: object; readonly unpackedBytes: number };
  /** Null where the index has no libraries for this platform. */
  readonly wheel: WheelSpec | null;
  /** Members of the wheel to keep: library file → name that the linker looks for, in this order. */
  readonly libraries: readonly { readonly member: string; readonly linkName: string; readonly bytes: number }[];
  /** Members that start with one of these are the headers. */
  readonly headers: readonly string[];
  /** The compiler where the system has none. */
  readonly zig: WheelSpec | null;
}

const tensorflowVersion = managedTensorflowVersions[0];

const wheels: Readonly<Record<string, WheelSpec>> = {
  "linux-x64": tensorflowWheel(
    "tensorflow-cpu",
    "manylinux_2_27_x86_64",
    273_829_956,
    "2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c",
  ),
  "linux-arm64": tensorflowWheel(
    "tensorflow",
    "manylinux_2_27_aarch64",
    281_828_020,
    "4b24aca16d527a3cf1c37f720c04c484c3d20f4d0fdfa98632ac8b9f3be6eb5c",
  ),
  "darwin-arm64": tensorflowWheel(
    "tensorflow",
    "macosx_12_0_arm64",
    223_405_849,
    "51f46f4806139d01fc7920cc72a4c75876f80649bf40ff083ab6212ceb43ca88",
  ),
};

const zigs: Readonly<Record<string, WheelSpec>> = {
  "linux-x64": zigWheel(
    "manylinux_2_12_x86_64.manylinux2010_x86_64.musllinux_1_1_x86_64",
    93_506_712,
    "4e45994a0e608d9b16ecad255698f5557a2e24de0bd7ba9efb156ab3f3683d9a",
  ),
  "linux-arm64": zigWheel(
    "manylinux_2_17_aarch64.manylinux2014_aarch64.musllinux_1_1_aarch64",
    90_536_567,
    "6c32697f9e165b7b6c5950ab0a1cd2e2bc3e72f4ff2d59bc5121b2b71955a77a",
  ),
  "darwin-arm64": zigWheel(
    "macosx_12_0_arm64",
    93_002_414,
    "f2f92404599822152eff2ef2830632e9ebeb18e55168dddd5f68f6bfeb2c5f4d",
  ),
};

const librarySizes: Readonly<Record<string, readonly [cc: number, framework: number]>> = {
  "linux-x64": [788_086_608, 65_222_328],
  "linux-arm64": [814_885_544, 68_176_664],
  "darwin-arm64": [691_352_648, 49_452_976],
};

/** What is installed on a platform, `process.platform` and `process.arch` by default. */
export function engineSpec(platform: string = process.platform, arch: string = process.arch): EngineSpec {
  const target = `${platform}-${arch}`;
  const [ccBytes, frameworkBytes] = librarySizes[target] ?? [0, 0];
  const suffix = platform === "darwin" ? ".2.dylib" : ".so.2";
  const linkSuffix = platform === "darwin" ? ".dylib" : ".so";
  return {
    tfjsNodeVersion: managedTfjsNodeVersion,
    tensorflowVersion,
    packages: { ...lockFile, unpackedBytes: 330_000_000 },
    wheel: wheels[target] ?? null,
    libraries: [
      { member: `tensorflow/libtensorflow_cc${suffix}`, linkName: `libtensorflow${linkSuffix}`, bytes: ccBytes },
      {
        member: `tensorflow/libtensorflow_framework${suffix}`,
        linkName: `libtensorflow_framework${linkSuffix}`,
        bytes: frameworkBytes,
      },
    ],
    headers: [
      "tensorflow/include/tensorflow/c/",
      "tensorflow/include/tensorflow/core/platform/ctstring",
      "tensorflow/include/tsl/platform/ctstring",
      "tensorflow/include/xla/tsl/c/",
    ],
    zig: zigs[target] ?? null,
  };
}

function tensorflowWheel(name: string, platform: string, bytes: number, sha256: string): WheelSpec {
  const file = `${name.replace("-", "_")}-${tensorflowVersion}-cp311-cp311-${platform}.whl`;
  return { name, version: tensorflowVersion, platform, file, bytes, sha256 };
}

function zigWheel(tags: string, bytes: number, sha256: string): WheelSpec {
  const version = "0.15.1";
  const platform = tags.split(".")[0] ?? tags;
  return { name: "ziglang", version, platform, file: `ziglang-${version}-py3-none-${tags}.whl`, bytes, sha256 };
}
