import { accessSync, constants, existsSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, isAbsolute, join, resolve } from "node:path";
import { SidecarNotFoundError } from "./errors.js";

export interface Command {
  /** Absolute. */
  file: string;
  args: string[];
  /** How long the first answer may take. */
  startTimeoutMs: number;
}

export interface LocateOptions {
  command?: string | readonly string[];
  args: readonly string[];
  cwd: string;
  env: NodeJS.ProcessEnv;
}

const START_TIMEOUT_MS = 60_000;
/** `uvx` downloads Python packages the first time. */
const UVX_TIMEOUT_MS = 900_000;
const NAME = "qwen-tts-sidecar";
/** An app that was started from Finder has a PATH without these. */
const USUAL_FOLDERS = ["/opt/homebrew/bin", "/usr/local/bin", join(homedir(), ".local/bin")];

/** Where the sidecar is. Explicit first, then beside the app, then on the PATH. */
export function locate(options: LocateOptions): Command {
  const looked: string[] = [];
  const found =
    explicit(options.command, "command", options, looked) ??
    explicit(options.env.QWEN_TTS_SIDECAR, "QWEN_TTS_SIDECAR", options, looked) ??
    besideTheApp(options.cwd, looked) ??
    onThePath(options, looked);
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
  looked.push(`${source}: ${name}`);
  // What was named and is not there is a mistake; another one found elsewhere would hide it.
  if (!file) throw notFound(looked);
  return { file, args, startTimeoutMs: START_TIMEOUT_MS };
}

/** A path with blanks is one word; otherwise blanks separate, and quotes hold together. */
function words(command: string, cwd: string): string[] {
  if (existsSync(resolve(cwd, command))) return [command];
  const parts = command.match(/"[^"]*"|'[^']*'|\S+/g) ?? [];
  return parts.map((part) => part.replace(/^(["'])(.*)\1$/, "$2"));
}

/** A `.venv` in the folder of the app, or in one above it. */
function besideTheApp(cwd: string, looked: string[]): Command | undefined {
  for (let folder = cwd; ; folder = dirname(folder)) {
    const file = join(folder, ".venv", "bin", NAME);
    looked.push(file);
    if (isExecutable(file)) return { file, args: [], startTimeoutMs: START_TIMEOUT_MS };
    if (dirname(folder) === folder) return undefined;
  }
}

function onThePath(options: LocateOptions, looked: string[]): Command | undefined {
  const extra = process.platform === "linux" ? `${NAME}[cpu]` : NAME;
  const choices: [string, string[], number][] = [
    [NAME, [], START_TIMEOUT_MS],
    ["uvx", ["--from", extra, NAME], UVX_TIMEOUT_MS],
    ["python3", ["-m", "sidecar"], START_TIMEOUT_MS],
  ];
  for (const [name, args, startTimeoutMs] of choices) {
    const file = resolveFile(name, options);
    looked.push(`${name} on the PATH`);
    if (file) return { file, args, startTimeoutMs };
  }
  return undefined;
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
    `No sidecar was found. Install it (pip install ${NAME}), or name it by the option "command" ` +
      `or by QWEN_TTS_SIDECAR. Looked at:${places}`,
    looked,
  );
}
