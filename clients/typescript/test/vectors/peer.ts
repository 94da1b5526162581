// The process under test, as bytes, without any code of the client in between.

import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { COMMAND, REPOSITORY, within } from "../support.js";
import type { Message } from "./rules.js";

const HEADER = /^Content-Length: (0|[1-9]\d*)\r\n\r\n/;
const END = Symbol("end");

export class Peer {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #ended: Promise<number | null>;
  #bytes = Buffer.alloc(0);
  #messages: (Message | typeof END | Error)[] = [];
  #wake: () => void = () => {};
  #stderr = "";

  constructor(args: readonly string[]) {
    const [file = "", ...words] = COMMAND;
    this.#child = spawn(file, [...words, ...args], { cwd: REPOSITORY });
    this.#ended = new Promise((resolve) => this.#child.once("close", (code) => resolve(code)));
    this.#child.stdin.on("error", () => {}); // A broken pipe: the following steps say what has to happen.
    this.#child.stderr.setEncoding("utf8").on("data", (text: string) => (this.#stderr += text));
    this.#child.stdout.on("data", (data: Buffer) => this.#read(data));
    this.#child.stdout.once("end", () => {
      this.#add(this.#bytes.length > 0 ? new Error("stdout ends within a frame") : END);
    });
  }

  get stderr(): string {
    return this.#stderr;
  }

  async write(data: Buffer, split = data.length): Promise<void> {
    for (let at = 0; at < data.length; at += split) {
      const piece = data.subarray(at, at + split);
      // Waiting for each makes it a write of its own.
      await new Promise<void>((resolve) => this.#child.stdin.write(piece, () => resolve()));
    }
  }

  closeStdin(): void {
    this.#child.stdin.end();
  }

  signal(name: string): void {
    this.#child.kill(name as NodeJS.Signals);
  }

  /** Return the next message without taking it; undefined at the end. */
  async peek(seconds: number): Promise<Message | undefined> {
    if (this.#messages.length === 0) {
      await within(1000 * seconds, "a message", new Promise<void>((resolve) => (this.#wake = resolve)));
    }
    const [next] = this.#messages;
    if (next instanceof Error) throw next;
    return next === END ? undefined : next;
  }

  take(): void {
    this.#messages.shift();
  }

  /** After a signal that it did not catch: 128 + its number, as a shell has it, is none of these. */
  exitCode(seconds: number): Promise<number | null> {
    return within(1000 * seconds, "the end of the process", this.#ended);
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }

  #add(message: Message | typeof END | Error): void {
    this.#messages.push(message);
    this.#wake();
  }

  #read(data: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, data]);
    for (;;) {
      const start = this.#bytes.toString("latin1", 0, 64);
      const header = HEADER.exec(start);
      if (!header) {
        if (start.includes("\n\r\n") || start.length === 64) {
          this.#add(new Error(`no header: ${JSON.stringify(start)}`));
        }
        return;
      }
      const end = header[0].length + Number(header[1]);
      if (this.#bytes.length < end) return;
      const body = this.#bytes.subarray(header[0].length, end);
      this.#bytes = this.#bytes.subarray(end);
      this.#add(parse(body));
    }
  }
}

function parse(body: Buffer): Message | Error {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
    return JSON.parse(text);
  } catch (error) {
    return new Error(`no JSON: ${String(error)}`);
  }
}
