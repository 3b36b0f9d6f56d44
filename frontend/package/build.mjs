/**
 * Makes dist/: the site's modules, checked by their JSDoc, and their types. With --write it also renews
 * what is made and yet committed: the types beside the modules, and the version. Otherwise it fails if
 * they are old.
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

const FROM_JSDOC = ["", "-keys", "-waiting"].map((name) => `verification-mail${name}.d.ts`);
const BY_HAND = "verification-mail-form.d.ts";
const TSC_OPTIONS = [
  ...["--ignoreConfig", "--allowJs", "--checkJs", "--strict", "--declaration", "--emitDeclarationOnly"],
  ...["--target", "es2022", "--module", "esnext", "--moduleResolution", "bundler", "--lib", "es2023,dom,dom.iterable"],
];

const here = import.meta.dirname;
const root = join(here, "../..");
const modules = join(root, "promo/static/games");
const dist = join(here, "dist");

function makeDist() {
  rmSync(dist, { recursive: true, force: true });
  mkdirSync(dist);
  const copies = globSync(join(modules, "verification-mail*.js")).map((path) => copy(path, dist));
  const tsc = fileURLToPath(new URL("bin/tsc", import.meta.resolve("typescript/package.json")));
  const { status } = spawnSync(process.execPath, [tsc, ...TSC_OPTIONS, ...copies], { stdio: "inherit" });
  if (status) process.exit(status);
  copy(join(modules, BY_HAND), dist);
  copy(join(root, "LICENSE"), here);
}

function copy(path, folder) {
  const target = join(folder, basename(path));
  copyFileSync(path, target);
  return target;
}

function renew(path, text) {
  if (readFileSync(path, { encoding: "utf8", flag: "a+" }) === text) return;
  if (!process.argv.includes("--write")) {
    console.error(`${path} is old. Run "make package".`);
    process.exit(1);
  }
  writeFileSync(path, text);
}

makeDist();
for (const name of FROM_JSDOC) {
  renew(join(modules, name), readFileSync(join(dist, name), "utf8"));
}
const manifest = JSON.parse(readFileSync(join(here, "package.json"), "utf8"));
manifest.version = readFileSync(join(root, "pyproject.toml"), "utf8").match(/^version = "(.+)"$/m)[1];
renew(join(here, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
