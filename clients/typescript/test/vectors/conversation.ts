// Runs one conversation of protocol/vectors.

import { matches, type Bindings } from "./patterns.js";
import { Peer } from "./peer.js";
import { Rules, type Message } from "./rules.js";

export interface Header {
  vector: string;
  args?: string[];
  unanswered?: boolean;
}

export type Step = Record<string, unknown> & { split?: number; within?: number };

type Text = string | (string | { repeat: string; times: number })[];

const PATIENCE = 60;
const TIMES = 3;

/** Everything was right except for the time it took. */
class TooLate extends Error {}

/** Return the lines of a file without comments: the header, then the steps. */
export function parseVector(text: string): { header: Header; steps: Step[] } {
  const lines = text.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("#"));
  const [header, ...steps] = lines.map((line) => JSON.parse(line));
  return { header, steps };
}

/** Run it up to three times if it is only too slow, since the machine may be busy. Any other failure is final. */
export async function converse(vector: { header: Header; steps: Step[] }): Promise<void> {
  for (let left = TIMES - 1; ; left--) {
    try {
      return await once(vector);
    } catch (error) {
      if (!(error instanceof TooLate) || left === 0) throw error;
    }
  }
}

async function once({ header, steps }: { header: Header; steps: Step[] }): Promise<void> {
  const conversation = new Conversation(header);
  try {
    for (const [i, step] of steps.entries()) {
      await conversation.run(step).catch((error) => {
        const Kind = error instanceof TooLate ? TooLate : Error;
        throw new Kind(`step ${i + 1}, ${JSON.stringify(step).slice(0, 200)}: ${error.message}`);
      });
    }
    conversation.finish();
  } finally {
    conversation.peer.kill();
  }
}

class Conversation {
  readonly peer: Peer;
  readonly #rules = new Rules();
  readonly #bound: Bindings = new Map();
  #checked: Message | undefined;
  #nothings = 0;
  #ended = false;
  #lastStep = performance.now();

  constructor(readonly header: Header) {
    this.peer = new Peer(header.args ?? []);
  }

  async run(step: Step): Promise<void> {
    const name = Object.keys(step).find((key) => key in this.#steps);
    if (!name) throw new Error("an unknown step");
    await this.#steps[name]?.(step[name] as never, step);
    this.#lastStep = performance.now();
  }

  finish(): void {
    if (!this.#ended) throw new Error("the conversation does not end in expectExit");
    const missing = this.header.unanswered ? [] : this.#rules.unanswered;
    if (missing.length > 0) throw new Error(`no answer to ${JSON.stringify(missing)}`);
  }

  readonly #steps: Record<string, (argument: never, step: Step) => unknown> = {
    send: (message: unknown, { split }) => this.#send([message], split),
    sendTogether: (messages: unknown[], { split }) => this.#send(messages, split),
    sendBody: (text: Text, { split }) => this.#sendRaw(frame(bytesOf(text)), split),
    sendBodyBytes: (text: string, { split }) => this.#sendRaw(frame(Buffer.from(text, "base64")), split),
    sendRaw: (text: string, { split }) => this.#sendRaw(Buffer.from(text, "base64"), split),
    sendRawText: (text: Text, { split }) => this.#sendRaw(bytesOf(text), split),
    closeStdin: () => this.peer.closeStdin(),
    signal: (name: string) => this.peer.signal(name),
    expect: (pattern: unknown, step) => this.#expect([pattern], step),
    unordered: (patterns: unknown[], step) => this.#expect(patterns, step),
    skip: (pattern: unknown, step) => this.#skip(pattern, step),
    expectNone: (_: true, step) => this.#expectNone(step),
    expectExit: (code: number, step) => this.#expectExit(code, step),
    expectStderr: (regex: string) => this.#expectStderr(regex),
  };

  async #send(messages: unknown[], split?: number): Promise<void> {
    for (const message of messages) this.#rules.sent(message);
    const frames = messages.map((message) => frame(Buffer.from(JSON.stringify(message))));
    await this.peer.write(Buffer.concat(frames), split);
  }

  async #sendRaw(data: Buffer, split?: number): Promise<void> {
    this.#rules.lenient = true;
    await this.peer.write(data, split);
  }

  async #expect(patterns: unknown[], { within = PATIENCE }: Step): Promise<void> {
    const left = [...patterns];
    while (left.length > 0) {
      const message = await this.#peek(within);
      const i = left.findIndex((pattern) => message && matches(pattern, message, this.#bound));
      if (i < 0) throw new Error(`does not match: ${show(message)}`);
      left.splice(i, 1);
      this.#take();
    }
  }

  async #skip(pattern: unknown, { within = PATIENCE }: Step): Promise<void> {
    for (;;) {
      const message = await this.#peek(within);
      if (!message || !matches(pattern, message, this.#bound)) return;
      this.#take();
    }
  }

  async #expectNone(step: Step): Promise<void> {
    const id = `nothing-${this.#nothings++}`;
    await this.#send([{ jsonrpc: "2.0", id, method: "ping" }]);
    await this.#expect([{ id }], step);
  }

  async #expectExit(code: number, { within = PATIENCE }: Step): Promise<void> {
    const message = await this.#peek(PATIENCE);
    if (message) throw new Error(`a message instead: ${show(message)}`);
    const exitCode = await this.peer.exitCode(PATIENCE);
    const seconds = (performance.now() - this.#lastStep) / 1000;
    if (exitCode !== code) throw new Error(`exit code ${exitCode}\n${this.peer.stderr}`);
    if (seconds > within) throw new TooLate(`gone after ${seconds.toFixed(1)} s`);
    this.#ended = true;
  }

  #expectStderr(regex: string): void {
    if (!new RegExp(regex, "u").test(this.peer.stderr)) throw new Error(`stderr: ${this.peer.stderr}`);
  }

  async #peek(seconds: number): Promise<Message | undefined> {
    const message = await this.peer.peek(seconds);
    if (message && message !== this.#checked) this.#rules.received(message);
    this.#checked = message;
    return message;
  }

  #take(): void {
    this.peer.take();
  }
}

const frame = (body: Buffer) => Buffer.concat([Buffer.from(`Content-Length: ${body.length}\r\n\r\n`), body]);

function bytesOf(text: Text): Buffer {
  const parts = typeof text === "string" ? [text] : text;
  const all = parts.map((part) => (typeof part === "string" ? part : part.repeat.repeat(part.times)));
  return Buffer.from(all.join(""));
}

const show = (message: unknown) => JSON.stringify(message)?.slice(0, 300) ?? "the end of stdout";
