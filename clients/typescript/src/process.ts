import { spawn, type ChildProcess } from "node:child_process";
import type { SidecarStartError } from "./errors.js";
import { LineReader } from "./lines.js";
import type { Command } from "./locate.js";
import { startError } from "./start-error.js";
import type { Ended } from "./transport.js";

/** How much of stderr is kept to explain the end of the process. */
const TAIL_LINES = 40;
const TAIL_CHARS = 64 * 1024;
/** How long to wait for the pipes after the exit: a grandchild may hold one open. */
const CLOSE_GRACE_MS = 1000;
/** How long a process with a closed pipe may take to end: when a process ends, its pipes close first. */
const LOST_GRACE_MS = 1000;

/** A pipe without which the process cannot be used. */
export type Pipe = "stdin" | "stdout";

export interface ProcessOptions {
  command: Command;
  cwd: string;
  env: NodeJS.ProcessEnv;
  onData(data: Uint8Array): void;
  onLine(line: string): void;
  /** Called when the process has closed its end of a pipe but keeps running, unless it was asked to end. */
  onLost(pipe: Pipe): void;
}

/** The child process and its three pipes, none of which keeps the host process running. */
export class SidecarProcess {
  readonly exited: Promise<Ended>;
  readonly #child: ChildProcess | undefined;
  readonly #tail: string[] = [];
  #lostTimer: ReturnType<typeof setTimeout> | undefined;
  /** Whether it has ended, or was asked to. From then on, its stdout is read to the end. */
  #ending = false;

  constructor(readonly options: ProcessOptions) {
    const { command, cwd, env } = options;
    try {
      this.#child = spawn(command.file, command.args, {
        cwd,
        env,
        stdio: ["pipe", "pipe", "pipe"],
        windowsHide: true,
      });
    } catch (cause) {
      const error = startError(cause, command.file, cwd);
      this.exited = Promise.resolve({ exitCode: null, signal: null, stderr: "", error });
      return;
    }
    this.exited = this.#watch(this.#child);
    this.#watchPipes(this.#child);
    this.#child.stdout?.on("data", options.onData);
    this.#readLines(this.#child);
    unref(this.#child);
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** The last lines of stderr. */
  get stderr(): string {
    return this.#tail.join("\n");
  }

  write(frame: Uint8Array): void {
    if (this.#child?.stdin?.writable) this.#child.stdin.write(frame);
  }

  /** Close its stdin, which ends it, and read its remaining output. */
  endInput(): void {
    this.#drain();
    this.#child?.stdin?.end();
  }

  pauseOutput(paused: boolean): void {
    if (paused && !this.#ending) this.#child?.stdout?.pause();
    else this.#child?.stdout?.resume();
  }

  kill(): void {
    this.#drain();
    this.#child?.kill("SIGKILL");
  }

  #drain(): void {
    this.#ending = true;
    clearTimeout(this.#lostTimer);
    this.#child?.stdout?.resume();
  }

  #watch(child: ChildProcess): Promise<Ended> {
    return new Promise((resolve) => {
      const end = (exitCode: number | null, signal: string | null, error?: SidecarStartError) =>
        resolve({ exitCode, signal, stderr: this.stderr, error });
      child.once("error", (cause) => {
        if (child.pid !== undefined) return; // It runs: a signal could not be sent.
        end(null, null, startError(cause, this.options.command.file, this.options.cwd));
      });
      child.once("close", (exitCode, signal) => end(exitCode, signal));
      child.once("exit", (exitCode, signal) => {
        this.#drain(); // "close" comes only after everything has been read.
        setTimeout(() => end(exitCode, signal), CLOSE_GRACE_MS).unref();
      });
    });
  }

  #watchPipes({ stdin, stdout, stderr }: ChildProcess): void {
    const lost = (pipe: Pipe) => () => {
      if (this.#ending) return;
      this.#lostTimer ??= setTimeout(() => this.options.onLost(pipe), LOST_GRACE_MS).unref();
    };
    // An "error" event without a listener would end the host process.
    for (const event of ["error", "close"]) stdin?.on(event, lost("stdin"));
    for (const event of ["error", "end", "close"]) stdout?.on(event, lost("stdout"));
    stderr?.on("error", () => {});
  }

  #readLines({ stderr }: ChildProcess): void {
    const reader = new LineReader();
    const take = (line: string) => {
      this.#remember(line);
      this.options.onLine(line);
    };
    stderr?.on("data", (data: Uint8Array) => reader.push(data).forEach(take));
    stderr?.on("end", () => reader.end().forEach(take));
  }

  #remember(line: string): void {
    this.#tail.push(line);
    let chars = this.#tail.reduce((sum, { length }) => sum + length, 0);
    while (this.#tail.length > 1 && (this.#tail.length > TAIL_LINES || chars > TAIL_CHARS)) {
      chars -= this.#tail.shift()?.length ?? 0;
    }
  }
}

function unref(child: ChildProcess): void {
  child.unref();
  for (const pipe of [child.stdin, child.stdout, child.stderr]) {
    // All are sockets in Node. In Bun, some are not, and the child's unref() is enough.
    (pipe as { unref?: () => void } | null)?.unref?.();
  }
}
