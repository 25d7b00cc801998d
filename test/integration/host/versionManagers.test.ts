import { existsSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { findNode } from "../../../src/host/launch/nodeDiscovery.js";
import { fetchScript, OutOfReach } from "../scripts/fetchScript.js";

const nvm = {
  git: "https://github.com/nvm-sh/nvm",
  commit: "977563e97ddc66facf3a8e31c6cff01d236f09bd",
  paths: ["/nvm.sh"],
};
const version = process.version;

let home = "";
/** All programs of the system but Node: a PATH as a desktop's editor has it. */
let programs = "";
beforeAll(() => {
  if (process.platform === "win32") return;
  programs = mkdtempSync(join(tmpdir(), "layerscope-programs-"));
  for (const folder of ["/usr/bin", "/bin"]) {
    for (const name of readdirSync(folder)) {
      const isNode = /^(?:node|nodejs|npm|npx|corepack)$/.test(name);
      if (!isNode && !existsSync(join(programs, name))) symlinkSync(join(folder, name), join(programs, name));
    }
  }
});

function shellPath(name: string): string | null {
  return (
    ["/bin", "/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"].map((folder) => join(folder, name)).find(existsSync) ??
    null
  );
}

/** A user's home with these files; `/` in a name makes folders. */
function makeHome(files: Readonly<Record<string, string>>): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "layerscope home ")));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text, { mode: 0o755 });
  }
  return folder;
}

/** Node as a version manager installs it. */
function installNode(...path: readonly string[]): string {
  const node = join(home, ...path, "node");
  mkdirSync(dirname(node), { recursive: true });
  symlinkSync(process.execPath, node);
  return node;
}

function search(shell: string) {
  return findNode({
    setting: "",
    environment: { PATH: programs, HOME: home, SHELL: shell, TERM: "dumb" },
    platform: process.platform,
    retryAfterMs: 10,
    shellTimeoutMs: 30_000,
  });
}

/** As Debian writes them: the login file reads the other one, which does nothing where nobody types. */
const profile = { ".profile": '[ -n "$BASH_VERSION" ] && . "$HOME/.bashrc"\n' };
const guard = 'case $- in *i*) ;; *) return ;; esac\necho "Welcome to $HOME/node"\n';
const nvmLines = 'export NVM_DIR="$HOME/.nvm"\n[ -s "$NVM_DIR/nvm.sh" ] && \\. "$NVM_DIR/nvm.sh"\n';

describe.skipIf(process.platform === "win32")("Node of a version manager, through the user's shell", () => {
  describe("nvm itself", () => {
    function installNvm(files: Readonly<Record<string, string>>, skip: (condition: boolean, note?: string) => void) {
      home = makeHome({ ...files, ".nvm/alias/default": `${version}\n` });
      try {
        fetchScript(nvm, join(home, ".nvm"));
      } catch (error) {
        if (!(error instanceof OutOfReach)) throw error;
        skip(true, error.message);
      }
      return installNode(".nvm/versions/node", version, "bin");
    }

    test.for([
      ["bash", { ...profile, ".bashrc": guard + nvmLines }],
      ["zsh", { ".zshrc": nvmLines }],
    ] as const)("in %s", async ([name, files], { skip }) => {
      const shell = shellPath(name);
      skip(shell === null, `there is no ${name} here`);
      const node = installNvm(files, skip);
      expect(await search(shell as string)).toEqual({
        ok: true,
        node: { path: node, version: version.slice(1), from: "shell" },
      });
    });

    test("in bash, loaded by a function at its first call", async ({ skip }) => {
      const lazy = `node() { unset -f node; ${nvmLines.trim().replace("\n", "; ")}; node "$@"; }\n`;
      installNvm({ ...profile, ".bashrc": guard + lazy }, skip);
      expect(await search(shellPath("bash") as string)).toEqual({
        ok: true,
        node: { path: process.execPath, version: version.slice(1), from: "shell" },
      });
    });
  });

  test("fnm, whose `fnm env` makes a folder for each shell", async () => {
    home = makeHome({
      ...profile,
      ".bashrc": `${guard}eval "$("$HOME/.local/share/fnm/fnm" env)"\n`,
      ".local/share/fnm/fnm": `#!/bin/sh
mkdir -p "$HOME/.local/state/fnm_multishells"
ln -sfn "$HOME/.local/share/fnm/node-versions/${version}/installation" "$HOME/.local/state/fnm_multishells/1"
echo "export PATH=\\"$HOME/.local/state/fnm_multishells/1/bin\\":\\"\\$PATH\\""
`,
    });
    installNode(".local/share/fnm/node-versions", version, "installation/bin");
    const found = await search(shellPath("bash") as string);
    expect(found).toMatchObject({ ok: true, node: { path: join(home, ".local/state/fnm_multishells/1/bin/node") } });
  });

  test.each([
    ["volta", ".volta/bin", 'export VOLTA_HOME="$HOME/.volta"\nexport PATH="$VOLTA_HOME/bin:$PATH"\n'],
    ["asdf", ".asdf/shims", 'export PATH="$HOME/.asdf/shims:$PATH"\n'],
  ])("%s, whose node is a program that starts the right one", async (_, folder, lines) => {
    home = makeHome({
      ...profile,
      ".bashrc": guard + lines,
      [`${folder}/node`]: '#!/bin/sh\nexec "$HOME/versions/node" "$@"\n',
    });
    installNode("versions");
    const found = await search(shellPath("bash") as string);
    expect(found).toMatchObject({ ok: true, node: { path: join(home, folder, "node"), version: version.slice(1) } });
  });

  test("fish", async ({ skip }) => {
    const shell = shellPath("fish");
    skip(shell === null, "there is no fish here");
    home = makeHome({ ".config/fish/config.fish": 'echo hello\nset -gx PATH "$HOME/managed/bin" $PATH\n' });
    const node = installNode("managed/bin");
    expect(await search(shell as string)).toMatchObject({ ok: true, node: { path: node, from: "shell" } });
  });
});
