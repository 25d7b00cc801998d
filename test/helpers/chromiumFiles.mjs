import { chmodSync, cpSync, createReadStream, createWriteStream, mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createBrotliDecompress } from "node:zlib";

/** npm carries a Chromium (@sparticuz/chromium) for this platform only. */
export const chromiumComesFromNpm = process.platform === "linux" && process.arch === "x64";

/**
 * Its own loader wants a newer Node than we may ask for; the files are plain brotli and tar.
 * @param {string} modules folder node_modules that holds the packages
 * @param {string} target
 */
export async function unpackChromium(modules, target) {
  const source = join(modules, "@sparticuz/chromium/bin");
  const { extract } = createRequire(join(modules, "@sparticuz/chromium/package.json"))("tar-fs");
  mkdirSync(target, { recursive: true });
  const executable = join(target, "chromium");
  /** @param {string} name */
  const open = (name) => createReadStream(join(source, name));
  await Promise.all([
    pipeline(open("chromium.br"), createBrotliDecompress(), createWriteStream(executable)),
    pipeline(open("al2023.tar.br"), createBrotliDecompress(), extract(target)),
    pipeline(open("swiftshader.tar.br"), createBrotliDecompress(), extract(target)),
    pipeline(open("fonts.tar.br"), createBrotliDecompress(), extract(join(target, "openSans"))),
  ]);
  chmodSync(executable, 0o755);
  cpSync(join(modules, "dejavu-fonts-ttf/ttf"), join(target, "fonts"), { recursive: true });
  cpSync(join(target, "openSans/fonts"), join(target, "fonts"), { recursive: true });
  writeFileSync(join(target, "fonts/fonts.conf"), fontConfiguration);
}

const fontConfiguration = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir prefix="relative">.</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
  <alias><family>sans-serif</family><prefer><family>Open Sans</family></prefer></alias>
  <alias><family>system-ui</family><prefer><family>Open Sans</family></prefer></alias>
  <alias><family>monospace</family><prefer><family>DejaVu Sans Mono</family></prefer></alias>
</fontconfig>
`;

/**
 * How to run what `unpackChromium` made.
 * @param {string} folder
 */
export function chromiumCommand(folder) {
  const inherited = process.env.LD_LIBRARY_PATH;
  const libraries = [join(folder, "lib"), folder, ...(inherited ? [inherited] : [])].join(":");
  return {
    executablePath: join(folder, "chromium"),
    env: { ...process.env, LD_LIBRARY_PATH: libraries, FONTCONFIG_PATH: join(folder, "fonts") },
  };
}
