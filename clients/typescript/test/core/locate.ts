import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { createSidecar } from "qwen-tts-sidecar";
import { splitWords } from "../../src/command-line.js";
import { COMMAND, FAKE, REPOSITORY } from "../support.js";

const scratch = mkdtempSync(join(tmpdir(), "locate "));
let folders = 0;

function folder(): string {
  const path = join(scratch, `${folders++}`);
  mkdirSync(path);
  return path;
}

function script(path: string, text: string): string {
  writeFileSync(path, text);
  chmodSync(path, 0o755);
  return path;
}

/** A package named sidecar that notes that it was run. */
function foreign(place: string): string {
  const ran = join(place, "ran");
  mkdirSync(join(place, "sidecar"));
  for (const file of ["__init__.py", "__main__.py"]) {
    writeFileSync(join(place, "sidecar", file), `open(${JSON.stringify(ran)}, "w")\n`);
  }
  return ran;
}

describe("a command line", () => {
  const LINES: Record<string, string[]> = {
    "a  b\tc": ["a", "b", "c"],
    "/bin/x --flag=\"a b\" --other='c d'e": ["/bin/x", "--flag=a b", "--other=c de"],
    "/My\\ App/x \\\"y\\\" a\\\\b": ["/My App/x", '"y"', "a\\b"],
    "\"a \\\"b\\\" \\c\" '\\d \"e\"'": ['a "b" \\c', '\\d "e"'],
    "x '' \"\"": ["x", "", ""],
    "/Users/o'neil/x --a": ["/Users/o'neil/x", "--a"],
    "x \\": ["x", "\\"],
    " ": [],
  };

  it("is split into words as in a shell", () => {
    for (const [line, words] of Object.entries(LINES)) assert.deepEqual(splitWords(line), words, line);
  });

  it("starts a program with its arguments", async () => {
    const place = folder();
    const run = script(join(place, "my app"), `#!/bin/sh\nshift\nexec "$@"\n`);
    const quoted = `"${run}" --name="a b" '${process.execPath}' ${FAKE.replaceAll(" ", "\\ ")} fine`;
    await using first = await createSidecar({ command: quoted });
    assert.equal(first.serverInfo.version, "9");
    const escaped = `${run.replaceAll(" ", "\\ ")} x '${process.execPath}' "${FAKE}" fine`;
    await using second = await createSidecar({ command: escaped });
    assert.equal(second.serverInfo.version, "9");
  });

  it("is shown completely when its program does not exist, with the reason", async () => {
    const place = folder();
    writeFileSync(join(place, "text"), "");
    symlinkSync("/no/such/target", join(place, "link"));
    const cases: [string, string][] = [
      ["/no such/x --arg", "/no such/x --arg (there is no program /no; a path with blanks needs quotes)"],
      ["./text --arg", "./text --arg (./text may not be executed)"],
      ["./link", "./link (./link is a link to a file that is not there)"],
      [".", "."],
      ["./", "./ (./ is a folder)"],
    ];
    for (const [command, looked] of cases) {
      const start = createSidecar({ command, cwd: place });
      await assert.rejects(start, { name: "SidecarNotFoundError", looked: [`command: ${looked}`] });
    }
  });
});

describe("a program that the system cannot start", () => {
  const rejects = (options: object, message: RegExp) =>
    assert.rejects(createSidecar(options), { name: "SidecarStartError", message });

  it("is not blamed for a missing working directory", async () => {
    const command = [process.execPath];
    await rejects({ command, cwd: "/no/such/folder" }, /: its working folder \/no\/such\/folder does not exist\.$/);
    const file = join(folder(), "file");
    writeFileSync(file, "");
    await rejects({ command, cwd: file }, /: its working folder .*\/file is not a folder\.$/);
  });

  it("is not blamed for a missing interpreter", async () => {
    const moved = script(join(folder(), "sidecar"), "#!/old/place/.venv/bin/python -u\n");
    await rejects({ command: [moved] }, /: its interpreter \/old\/place\/\.venv\/bin\/python does not exist\. Was the \.venv moved/);
  });

  it("rejects with SidecarStartError, whatever the reason", async () => {
    await rejects({ command: [process.execPath], env: { NAME: "a\0b" } }, /null bytes/);
    await rejects({ command: [process.execPath, "x".repeat(4_000_000)] }, /E2BIG/);
  });
});

const USUAL = ["/opt/homebrew/bin", "/usr/local/bin", join(homedir(), ".local/bin")];
const isInstalled = USUAL.some((path) => existsSync(join(path, "qwen-tts-sidecar")));

describe("python3 on the PATH", { skip: isInstalled && "this machine has the program" }, () => {
  const [python = ""] = COMMAND;

  /** An app with a `sidecar` folder of its own, and a PATH with nothing but a python3. */
  function app(run: string) {
    const [cwd, bin] = [folder(), folder()];
    script(join(bin, "python3"), `#!/bin/sh\n${run}\n`);
    return { cwd, bin, ran: foreign(cwd), env: { QWEN_TTS_SIDECAR: undefined, PATH: bin } };
  }

  const notFound = (options: object, last: RegExp) =>
    assert.rejects(createSidecar(options), ({ name, looked, message }) => {
      assert.equal(name, "SidecarNotFoundError");
      assert.match(looked.at(-1), last);
      assert.match(message, /it is not on PyPI yet/);
      return true;
    });

  it("starts the sidecar if it is installed, and nothing from the app's folder", async () => {
    const { cwd, env, ran } = app(`exec "${python}" "$@"`);
    await using tts = await createSidecar({ cwd, env });
    assert.equal(tts.serverInfo.name, "qwen-tts-sidecar");
    assert.equal(existsSync(ran), false);
  });

  it("is not asked to run another package of that name", async () => {
    const elsewhere = folder();
    const ran = foreign(elsewhere);
    const { cwd, env } = app(`exec "${python}" "$@"`);
    const found = /python3 -m sidecar \(it finds another package of that name, .*sidecar\/__init__\.py\)$/;
    await notFound({ cwd, env: { ...env, PYTHONPATH: elsewhere } }, found);
    assert.equal(existsSync(ran), false);
  });

  it("without a sidecar, too old or hanging: no sidecar is found", async () => {
    const none = app(`exec "${python}" -S "$@"`);
    await notFound({ ...none, env: { ...none.env, PYTHONPATH: undefined } }, /\(it has no such module\)$/);
    const old = app("printf 'Unknown option: -P\\nusage: python3 [option] ...\\nTry python -h\\n' >&2; exit 2");
    await notFound(old, /\(it is older than Python 3\.11\)$/);
    await notFound(app("echo 'no such codec' >&2; exit 1"), /\(it failed: no such codec\)$/);
    const stuck = app("exec sleep 60");
    const env = { ...stuck.env, PATH: `${stuck.bin}:/usr/bin:/bin` };
    await notFound({ ...stuck, env, startTimeoutMs: 500 }, /\(it did not answer in 500 ms\)$/);
    const gone = app("exit 0");
    const cwd = join(gone.cwd, "no such");
    await notFound({ ...gone, cwd }, /its working folder .* does not exist\.\)$/);
  });

  it("is never run by uvx, which would run any package with that name on PyPI", async () => {
    const { bin, cwd, env } = app("exit 1");
    const ran = join(cwd, "uvx ran");
    script(join(bin, "uvx"), `#!/bin/sh\n: > "${ran}"\n`);
    await notFound({ cwd, env }, /python3 -m sidecar/);
    assert.equal(existsSync(ran), false);
  });
});

it("a Python that is named as the command runs nothing of the working directory", async () => {
  const cwd = folder();
  const ran = foreign(cwd);
  const python = join(REPOSITORY, ".venv/bin/python");
  await using tts = await createSidecar({ command: [python, "-m", "sidecar"], cwd });
  assert.equal(tts.serverInfo.name, "qwen-tts-sidecar");
  assert.equal(existsSync(ran), false);
});

it("the sidecar in the repository is started by its installed program, too", async () => {
  const cwd = join(REPOSITORY, "clients/typescript");
  const env = { QWEN_TTS_SIDECAR: undefined };
  if (!existsSync(join(REPOSITORY, ".venv/bin/qwen-tts-sidecar"))) return;
  await using tts = await createSidecar({ cwd, env });
  assert.equal(tts.serverInfo.name, "qwen-tts-sidecar");
});
