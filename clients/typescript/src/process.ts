import { spawn, type ChildProcess } from "node:child_process";
import { SidecarStartError } from "./errors.js";
import type { Command } from "./locate.js";

const TAIL_LINES = 40;
/** A grandchild may hold a pipe open; what matters has come by then. */
const CLOSE_GRACE_MS = 1000;

export interface ProcessExit {
  exitCode: number | null;
  signal: string | null;
  /** The last lines of stderr. */
  stderr: string;
  /** It was never there. */
  error?: SidecarStartError;
}

export interface ProcessOptions {
  command: Command;
  cwd: string;
  env: NodeJS.ProcessEnv;
  onData(data: Uint8Array): void;
  onLine(line: string): void;
}

/** The child and its three pipes, none of which keeps the host running. */
export class SidecarProcess {
  readonly exited: Promise<ProcessExit>;
  readonly #child: ChildProcess;
  readonly #tail: string[] = [];

  constructor(options: ProcessOptions) {
    const { file, args } = options.command;
    this.#child = spawn(file, args, {
      cwd: options.cwd,
      env: options.env,
      stdio: ["pipe", "pipe", "pipe"],
      windowsHide: true,
    });
    this.exited = this.#watch(file);
    this.#child.stdin?.on("error", () => {}); // A pipe breaks when the child ends: `exited` says more.
    this.#child.stdout?.on("data", options.onData);
    this.#readLines(options.onLine);
    this.#unref();
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  write(frame: Uint8Array): void {
    if (this.#child.stdin?.writable) this.#child.stdin.write(frame);
  }

  endInput(): void {
    this.#child.stdin?.end();
  }

  pauseOutput(paused: boolean): void {
    if (paused) this.#child.stdout?.pause();
    else this.#child.stdout?.resume();
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }

  #watch(file: string): Promise<ProcessExit> {
    return new Promise((resolve) => {
      const end = (exitCode: number | null, signal: string | null, error?: SidecarStartError) =>
        resolve({ exitCode, signal, stderr: this.#tail.join("\n"), error });
      this.#child.once("error", (cause) => {
        if (this.#child.pid !== undefined) return; // A signal that could not be sent.
        end(null, null, new SidecarStartError(`${file} cannot be started: ${cause.message}`, { cause }));
      });
      this.#child.once("close", end);
      this.#child.once("exit", (exitCode, signal) => {
        this.pauseOutput(false); // "close" waits until everything was read.
        setTimeout(() => end(exitCode, signal), CLOSE_GRACE_MS).unref();
      });
    });
  }

  #readLines(onLine: (line: string) => void): void {
    const decoder = new TextDecoder();
    let unfinished = "";
    const take = (line: string) => {
      this.#tail.push(line);
      if (this.#tail.length > TAIL_LINES) this.#tail.shift();
      onLine(line);
    };
    this.#child.stderr?.on("data", (data: Uint8Array) => {
      const lines = (unfinished + decoder.decode(data, { stream: true })).split(/\r?\n/);
      unfinished = lines.pop() ?? "";
      lines.forEach(take);
    });
    this.#child.stderr?.on("end", () => unfinished && take(unfinished));
  }

  #unref(): void {
    this.#child.unref();
    for (const pipe of [this.#child.stdin, this.#child.stdout, this.#child.stderr]) {
      // Sockets in Node; not all of them in Bun, where the child's unref() is enough.
      (pipe as { unref?: () => void } | null)?.unref?.();
    }
  }
}
