import { accessSync, constants, existsSync, lstatSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, isAbsolute, join, resolve } from "node:path";
import { splitWords } from "./command-line.js";
import { SidecarNotFoundError } from "./errors.js";
import { PYTHON_ARGS, whyNotSidecar } from "./python.js";

export interface Command {
  /** Absolute path of the program. */
  file: string;
  args: string[];
}

export interface LocateOptions {
  command?: string | readonly string[];
  args: readonly string[];
  cwd: string;
  env: NodeJS.ProcessEnv;
  /** Time limit for asking a Python what it has installed. */
  timeoutMs: number;
}

const NAME = "qwen-tts-sidecar";
/** Folders that are missing from the PATH of an app started from Finder. */
const USUAL_FOLDERS = ["/opt/homebrew/bin", "/usr/local/bin", join(homedir(), ".local/bin")];

/**
 * Return the sidecar's command: an explicit one first, then one next to the app, then one on the PATH.
 *
 * @throws SidecarNotFoundError
 */
export async function locate(options: LocateOptions): Promise<Command> {
  const looked: string[] = [];
  const found =
    explicit(options.command, "command", options, looked) ??
    explicit(options.env.QWEN_TTS_SIDECAR, "QWEN_TTS_SIDECAR", options, looked) ??
    besideTheApp(options.cwd, looked) ??
    onThePath(options, looked) ??
    (await inPython(options, looked));
  if (!found) throw notFound(looked);
  return { ...found, args: [...found.args, ...options.args] };
}

function explicit(
  command: string | readonly string[] | undefined,
  source: string,
  options: LocateOptions,
  looked: string[],
): Command | undefined {
  if (command === undefined || command.length === 0) return undefined;
  const [name = "", ...args] = typeof command === "string" ? words(command, options.cwd) : command;
  const file = resolveFile(name, options);
  const whole = typeof command === "string" ? command : command.join(" ");
  const missing = name === whole ? "" : `there is no program ${name}; a path with blanks needs quotes`;
  const problem = file ? "" : whatIsWrong(name, options.cwd) || missing;
  looked.push(`${source}: ${whole}${problem && ` (${problem})`}`);
  // An explicit command that does not exist is a mistake, which another one found elsewhere would hide.
  if (!file) throw notFound(looked);
  return { file, args };
}

/** An existing path that contains spaces is one word. */
function words(command: string, cwd: string): string[] {
  return existsSync(resolve(cwd, command)) ? [command] : splitWords(command);
}

/** Return an explanation of why a program cannot be used. */
function whatIsWrong(name: string, cwd: string): string {
  if (!name.includes("/")) return "";
  const path = resolve(cwd, name);
  try {
    if (!lstatSync(path, { throwIfNoEntry: false })) return "";
    if (!existsSync(path)) return `${name} is a link to a file that is not there`;
    return statSync(path).isDirectory() ? `${name} is a folder` : `${name} may not be executed`;
  } catch (error) {
    return String(error);
  }
}

/** Return the sidecar of a `.venv` in the app's folder, or in one above it. */
function besideTheApp(cwd: string, looked: string[]): Command | undefined {
  for (let folder = cwd; ; folder = dirname(folder)) {
    const file = join(folder, ".venv", "bin", NAME);
    looked.push(file);
    if (isExecutable(file)) return { file, args: [] };
    if (dirname(folder) === folder) return undefined;
  }
}

function onThePath(options: LocateOptions, looked: string[]): Command | undefined {
  looked.push(`${NAME} on the PATH`);
  const file = resolveFile(NAME, options);
  return file === undefined ? undefined : { file, args: [] };
}

/** Return a Python that has the sidecar installed: its programs may not be on the PATH. */
async function inPython(options: LocateOptions, looked: string[]): Promise<Command | undefined> {
  const file = resolveFile("python3", options);
  if (!file) {
    looked.push("python3 on the PATH");
    return undefined;
  }
  const problem = await whyNotSidecar({ ...options, file });
  looked.push(`${file} -m sidecar${problem ? ` (it ${problem})` : ""}`);
  return problem ? undefined : { file, args: PYTHON_ARGS };
}

function resolveFile(name: string, { cwd, env }: LocateOptions): string | undefined {
  if (isAbsolute(name) || name.includes("/")) {
    const file = resolve(cwd, name);
    return isExecutable(file) ? file : undefined;
  }
  const folders = [...(env.PATH ?? "").split(delimiter).filter(isAbsolute), ...USUAL_FOLDERS];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

function notFound(looked: string[]): SidecarNotFoundError {
  const places = looked.map((place) => `\n  ${place}`).join("");
  return new SidecarNotFoundError(
    "No sidecar was found. Install it from a checkout of its repository, which is not on PyPI yet " +
      "(in the .venv of your app: pip install /path/to/the/checkout, on Linux with [cpu] at its end), " +
      `or name it by the option "command" or by QWEN_TTS_SIDECAR. Looked at:${places}`,
    looked,
  );
}
