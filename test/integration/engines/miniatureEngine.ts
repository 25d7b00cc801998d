import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { EngineSpec, WheelSpec } from "../../../src/engines/engineSpec.js";
import { managedTensorflowVersions, managedTfjsNodeVersion } from "../../../src/engines/managed.js";

/**
 * A native engine in miniature: every part is of the real kind (a wheel with two shared libraries and a header, an npm
 * package with a Node-API addon's source that links to them), so that the real npm, pip and compiler make it in
 * seconds. Its addon answers 42.
 */
export interface MiniatureEngine {
  readonly spec: EngineSpec;
  /** Folder of the wheels, as a package index serves it. */
  readonly wheels: string;
}

const paddingBytes = 6_000_000;

const backendSource = `
#include "tensorflow/c/c_api.h"
int answer() { return TF_Answer(); }
`;
const bindingSource = `
#include <cstddef>
#include "node_api.h"
int answer();
static napi_value call(napi_env env, napi_callback_info) {
  napi_value value;
  napi_create_int32(env, answer(), &value);
  return value;
}
extern "C" __attribute__((visibility("default"))) napi_value napi_register_module_v1(napi_env env, napi_value exports) {
  napi_value function;
  napi_create_function(env, "answer", NAPI_AUTO_LENGTH, call, nullptr, &function);
  napi_set_named_property(env, exports, "answer", function);
  return exports;
}
`;
const nodeHeader = `
#pragma once
typedef struct napi_env__* napi_env;
typedef struct napi_value__* napi_value;
typedef struct napi_callback_info__* napi_callback_info;
typedef napi_value (*napi_callback)(napi_env, napi_callback_info);
#define NAPI_AUTO_LENGTH ((size_t)-1)
extern "C" {
int napi_create_int32(napi_env, int, napi_value*);
int napi_create_function(napi_env, const char*, size_t, napi_callback, void*, napi_value*);
int napi_set_named_property(napi_env, napi_value, const char*, napi_value);
}
`;
/** What the real package's install script does, with a compiler instead of a download. */
const officialInstall = `
const { execFileSync } = require("node:child_process");
const { mkdirSync, writeFileSync } = require("node:fs");
mkdirSync("lib/napi-v8", { recursive: true });
writeFileSync("official.cc", "int answer() { return 42; }");
execFileSync("c++", ["-shared", "-fPIC", "-DNAPI_VERSION=8", "-I../../node-api-headers/include", "official.cc",
  "binding/tfjs_binding.cc", "-o", "lib/napi-v8/tfjs_binding.node"], { stdio: "inherit" });
`;

/** Makes the parts in `folder`. `officialHost`: where tfjs-node's own download would be. */
export function makeMiniatureEngine(folder: string, officialHost: string): MiniatureEngine {
  const wheels = join(folder, "wheels");
  mkdirSync(wheels, { recursive: true });
  const libraries = buildLibraries(join(folder, "libraries"));
  const wheel = packWheel(folder, wheels, "tensorflow-miniature", managedTensorflowVersions[0], {
    "tensorflow/libtensorflow_cc.so.2": libraries.cc,
    "tensorflow/libtensorflow_framework.so.2": libraries.framework,
    "tensorflow/include/tensorflow/c/c_api.h": text(folder, "c_api.h", 'extern "C" int TF_Answer(void);\n'),
    "tensorflow/padding": padding(folder),
  });
  const zig = packWheel(folder, wheels, "zig-miniature", "1.0", {
    "ziglang/zig": text(folder, "zig", '#!/bin/sh\nshift\nexec "$LAYERSCOPE_TEST_COMPILER" "$@"\n'),
  });
  const spec: EngineSpec = {
    tfjsNodeVersion: managedTfjsNodeVersion,
    tensorflowVersion: managedTensorflowVersions[0],
    packages: { ...packPackages(folder, officialHost), unpackedBytes: 1000 },
    wheel,
    libraries: [
      {
        member: "tensorflow/libtensorflow_cc.so.2",
        linkName: "libtensorflow.so",
        bytes: statSync(libraries.cc).size,
      },
      {
        member: "tensorflow/libtensorflow_framework.so.2",
        linkName: "libtensorflow_framework.so",
        bytes: statSync(libraries.framework).size,
      },
    ],
    headers: ["tensorflow/include/tensorflow/c/"],
    zig,
  };
  return { spec, wheels };
}

function buildLibraries(folder: string): { cc: string; framework: string } {
  const cc = join(folder, "libtensorflow_cc.so.2");
  const framework = join(folder, "libtensorflow_framework.so.2");
  mkdirSync(folder);
  const half = text(folder, "framework.c", "int half(void) { return 21; }\n");
  const whole = text(folder, "cc.c", "int half(void); int TF_Answer(void) { return 2 * half(); }\n");
  const shared = ["-shared", "-fPIC"];
  execFileSync("cc", [...shared, half, "-Wl,-soname,libtensorflow_framework.so.2", "-o", framework]);
  execFileSync("cc", [
    ...shared,
    whole,
    framework,
    "-Wl,-soname,libtensorflow_cc.so.2",
    "-Wl,-rpath,$ORIGIN",
    "-o",
    cc,
  ]);
  return { cc, framework };
}

/** Random, so that the wheel is large enough to be interrupted. */
function padding(folder: string): string {
  const path = join(folder, "padding");
  const bytes = Buffer.alloc(paddingBytes);
  let state = 1;
  for (let at = 0; at < bytes.length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[at] = state >>> 24;
  }
  writeFileSync(path, bytes);
  return path;
}

const zipScript = `
import json, sys, zipfile
target, name, version, members = sys.argv[1], sys.argv[2], sys.argv[3], json.loads(sys.argv[4])
info = name.replace("-", "_") + "-" + version + ".dist-info/"
with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as wheel:
    for member, path in members.items():
        wheel.write(path, member)
    wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: %s\\nVersion: %s\\n" % (name, version))
    wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: false\\nTag: py3-none-any\\n")
    wheel.writestr(info + "RECORD", "")
`;

function packWheel(
  folder: string,
  wheels: string,
  name: string,
  version: string,
  members: Readonly<Record<string, string>>,
): WheelSpec {
  const file = `${name.replace("-", "_")}-${version}-py3-none-any.whl`;
  const path = join(wheels, file);
  execFileSync("python3", ["-c", zipScript, path, name, version, JSON.stringify(members)], { cwd: folder });
  const bytes = readFileSync(path);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { name, version, platform: "any", file, bytes: bytes.length, sha256 };
}

function packPackages(folder: string, officialHost: string): { manifest: object; lock: object } {
  const tfjsNode = packPackage(folder, "@tensorflow/tfjs-node", managedTfjsNodeVersion, {
    "dist/index.js":
      'const addon = require("../lib/napi-v8/tfjs_binding.node");\nmodule.exports = { answer: () => addon.answer() };\n',
    "dist/index.js.map": "{}",
    "binding/tfjs_backend.cc": backendSource,
    "binding/tfjs_binding.cc": bindingSource,
    "scripts/install.js": officialInstall,
    main: "dist/index.js",
    host: officialHost,
  });
  const headers = packPackage(folder, "node-api-headers", "1.0.0", { "include/node_api.h": nodeHeader });
  const dependencies = { "@tensorflow/tfjs-node": managedTfjsNodeVersion, "node-api-headers": "1.0.0" };
  const manifest = { name: "miniature", version: "1.0.0", private: true, dependencies };
  const lock = {
    name: "miniature",
    version: "1.0.0",
    lockfileVersion: 3,
    requires: true,
    packages: {
      "": { name: "miniature", version: "1.0.0", dependencies },
      "node_modules/@tensorflow/tfjs-node": { version: managedTfjsNodeVersion, ...tfjsNode },
      "node_modules/node-api-headers": { version: "1.0.0", ...headers },
    },
  };
  return { manifest, lock };
}

function packPackage(
  folder: string,
  name: string,
  version: string,
  { main = "index.js", host = "", ...files }: Readonly<Record<string, string>>,
): { resolved: string; integrity: string } {
  const source = join(folder, basename(name));
  const binary = { host, remote_path: "./napi-v{napi_build_version}/{version}/" };
  for (const [file, content] of Object.entries({
    ...files,
    "package.json": JSON.stringify({ name, version, main, binary }),
  })) {
    mkdirSync(dirname(join(source, file)), { recursive: true });
    writeFileSync(join(source, file), content);
  }
  const output = execFileSync("npm", ["pack", "--json", "--pack-destination", folder], {
    cwd: source,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [packed] = JSON.parse(output) as [{ filename: string; integrity: string }];
  return {
    resolved: `file:${join(folder, packed.filename.replace("@", "").replace("/", "-"))}`,
    integrity: packed.integrity,
  };
}

function text(folder: string, name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content, { mode: 0o755 });
  return path;
}
