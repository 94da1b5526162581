import { closeSync, existsSync, openSync, readSync, statSync } from "node:fs";
import { SidecarStartError } from "./errors.js";

/**
 * Return the error for a program that the system could not start. The system reports the program as missing even if its
 * working directory or its interpreter is.
 */
export function startError(cause: unknown, file: string, cwd: string): SidecarStartError {
  return new SidecarStartError(`${file} cannot be started: ${reason(cause, file, cwd)}`, { cause });
}

function reason(cause: unknown, file: string, cwd: string): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code !== "ENOENT" && code !== "ENOTDIR") return message;
  if (!isFolder(cwd)) {
    return `its working folder ${cwd} ${existsSync(cwd) ? "is not a folder" : "does not exist"}.`;
  }
  if (!existsSync(file)) return "it no longer exists.";
  const interpreter = interpreterOf(file);
  if (interpreter && !existsSync(interpreter)) {
    return (
      `its interpreter ${interpreter} does not exist. Was the .venv moved, or its Python removed? ` +
      "Then create the .venv again."
    );
  }
  return `it is there, but a file that the system needs to run it is not (${message}).`;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** Return the interpreter in a script's first line, `#!/path/to/python`. */
function interpreterOf(file: string): string | undefined {
  try {
    const start = Buffer.alloc(512);
    const script = openSync(file, "r");
    try {
      readSync(script, start, 0, start.length, 0);
    } finally {
      closeSync(script);
    }
    return /^#![ \t]*([^\s\0]+)/.exec(start.toString("utf8"))?.[1];
  } catch {
    return undefined;
  }
}
