import { accessSync, constants, existsSync, lstatSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, isAbsolute, join, resolve } from "node:path";
import { splitWords } from "./command-line.js";
import { SidecarNotFoundError, SidecarPlatformError } from "./errors.js";
import { copies, findPackage, outsideArchive, usualPlaces, type Places } from "./platform-package.js";
import { PACKAGED, packageFor, thisMachine, whyUnsupported, type Machine } from "./platform.js";
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
  /** Default: this machine. */
  machine?: Machine;
  /** Where to look for the npm package. Default: the usual places. */
  places?: Places;
}

const NAME = "qwen-tts-sidecar";
/** Folders that are missing from the PATH of an app started from Finder. */
const USUAL_FOLDERS = ["/opt/homebrew/bin", "/usr/local/bin", join(homedir(), ".local/bin")];

/**
 * Return the sidecar's command: an explicit one first, then that of the platform's npm package, then one next to the
 * app, then one on the PATH.
 *
 * @throws SidecarNotFoundError
 * @throws SidecarPlatformError
 */
export async function locate(options: LocateOptions): Promise<Command> {
  const looked: string[] = [];
  const found =
    explicit(options.command, "command", options, looked) ??
    explicit(options.env.QWEN_TTS_SIDECAR, "QWEN_TTS_SIDECAR", options, looked) ??
    (await search(options, looked));
  return { ...found, args: [...found.args, ...options.args] };
}

async function search(options: LocateOptions, looked: string[]): Promise<Command> {
  const machine = options.machine ?? thisMachine();
  const problem = whyUnsupported(machine);
  if (problem) throw new SidecarPlatformError(problem, machine.platform);
  const found =
    inPackage(machine, options, looked) ??
    besideTheApp(options.cwd, looked) ??
    onThePath(options, looked) ??
    (await inPython(options, looked));
  if (!found) throw notFound(looked, howToInstall(machine));
  return found;
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
  if (!file) throw notFound(looked, "The program that was named does not exist, or cannot be executed.");
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

/**
 * Return the sidecar of the platform's npm package.
 *
 * @throws SidecarNotFoundError if the package is there, but its program is not: another one, found elsewhere on the
 * developer's machine, would hide that.
 */
function inPackage(machine: Machine, options: LocateOptions, looked: string[]): Command | undefined {
  const name = packageFor(machine);
  if (!name) return undefined;
  const places = options.places ?? usualPlaces(options.cwd);
  const folder = findPackage(name, places);
  if (!folder) {
    looked.push(`${name} in node_modules, from ${places.starts.join(", ")}`, ...copies(places));
    return undefined;
  }
  const inside = join(folder, "bin", NAME);
  const file = outsideArchive(inside);
  if (isExecutable(file)) return { file, args: [] };
  looked.push(file);
  if (file !== inside) throw notFound(looked, `${folder} is in an archive, where nothing can be executed: ${UNPACK}`);
  throw notFound(looked, `${folder} is incomplete: install ${name} again.`);
}

const UNPACK = 'build the app with asarUnpack: ["**/node_modules/@qwen-tts-sidecar/**"].';

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

function notFound(looked: string[], advice: string): SidecarNotFoundError {
  const places = looked.map((place) => `\n  ${place}`).join("");
  return new SidecarNotFoundError(`No sidecar was found.${advice && ` ${advice}`}\nLooked at:${places}`, looked);
}

function howToInstall(machine: Machine): string {
  const name = packageFor(machine);
  const all = PACKAGED.join(" and ");
  const npm = name
    ? `The npm package that has it for this platform, ${name}, is not installed: npm leaves it out with ` +
      "--omit=optional, and if its lock file or node_modules was made on another platform. Install it (there are such " +
      `packages for ${all}), or`
    : `There is no npm package that has it for ${machine.platform}, only for ${all}:`;
  const extra = machine.platform.startsWith("linux-") ? "[cpu]" : "";
  return (
    `${npm} install it with pip in the .venv of your app (pip install "/path/to/the/checkout${extra}"), or name it by ` +
    'the option "command" or by QWEN_TTS_SIDECAR. These packages are not on npm, and it is not on PyPI yet: its ' +
    "repository says how to build them."
  );
}
