// Speaks one sentence to a WAV file: `node speak.mjs "Hello there." hello.wav` (or `bun speak.mjs …`).
// A complete client for protocol/README.md in one file, without dependencies.
// SIDECAR_COMMAND is the command to run (default `qwen-tts-sidecar`), e.g. "python -P -m sidecar".

import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";

/** Splits a byte stream into the bodies of its frames. */
function frameReader(onMessage) {
  let buffer = Buffer.alloc(0);
  return (data) => {
    buffer = Buffer.concat([buffer, data]);
    for (;;) {
      const end = buffer.indexOf("\r\n\r\n");
      if (end < 0) return;
      const length = Number(/Content-Length: (\d+)/.exec(buffer.toString("latin1", 0, end))[1]);
      const start = end + 4;
      if (buffer.length < start + length) return;
      const body = buffer.toString("utf8", start, start + length);
      buffer = buffer.subarray(start + length);
      onMessage(JSON.parse(body));
    }
  };
}

class Sidecar {
  #process;
  #nextId = 1;
  #pending = new Map(); // id → {resolve, reject}
  #streams = new Map(); // token → function of a progress value
  #stderr = "";

  constructor(command = process.env.SIDECAR_COMMAND ?? "qwen-tts-sidecar") {
    const [file, ...args] = command.split(" ");
    this.#process = spawn(file, args, { stdio: ["pipe", "pipe", "pipe"] });
    this.#process.stdout.on("data", frameReader((message) => this.#receive(message)));
    this.#process.stderr.on("data", (text) => (this.#stderr = (this.#stderr + text).slice(-2000)));
    this.#process.stdin.on("error", () => {}); // the exit explains it
    this.#process.on("error", (error) => this.#fail(error));
    this.exited = new Promise((resolve) => this.#process.on("close", resolve));
    this.exited.then((code) => this.#fail(new Error(`sidecar ended with ${code}\n${this.#stderr}`)));
  }

  notify(method, params) {
    const body = Buffer.from(JSON.stringify({ jsonrpc: "2.0", method, params }));
    this.#write(body);
  }

  request(method, params) {
    const id = this.#nextId++;
    this.#write(Buffer.from(JSON.stringify({ jsonrpc: "2.0", id, method, params })));
    return new Promise((resolve, reject) => this.#pending.set(id, { resolve, reject }));
  }

  /** Calls `onAudio` with each chunk of 16-bit PCM; resolves with the result. */
  async synthesize(params, onAudio) {
    const token = `speech-${this.#nextId}`;
    this.#streams.set(token, (value) => {
      if (value.kind === "audio") onAudio(Buffer.from(value.audio, "base64"), value);
    });
    try {
      return await this.request("speech/synthesize", { ...params, partialResultToken: token });
    } finally {
      this.#streams.delete(token);
    }
  }

  async close() {
    await this.request("shutdown");
    this.notify("exit");
    return this.exited;
  }

  #write(body) {
    // Header and body in one write, so that frames of two callers cannot mix.
    this.#process.stdin.write(Buffer.concat([Buffer.from(`Content-Length: ${body.length}\r\n\r\n`), body]));
  }

  #receive(message) {
    if (message.method === "$/progress") {
      this.#streams.get(message.params.token)?.(message.params.value);
      return;
    }
    const call = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    if (message.error) call?.reject(new Error(`${message.error.data.type}: ${message.error.message}`));
    else call?.resolve(message.result);
  }

  #fail(error) {
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }
}

function wav(pcm, sampleRate) {
  const header = Buffer.alloc(44);
  header.write("RIFF", 0);
  header.writeUInt32LE(36 + pcm.length, 4);
  header.write("WAVEfmt ", 8);
  header.writeUInt32LE(16, 16); // size of the format block
  header.writeUInt16LE(1, 20); // PCM
  header.writeUInt16LE(1, 22); // mono
  header.writeUInt32LE(sampleRate, 24);
  header.writeUInt32LE(sampleRate * 2, 28);
  header.writeUInt16LE(2, 32); // bytes per sample
  header.writeUInt16LE(16, 34);
  header.write("data", 36);
  header.writeUInt32LE(pcm.length, 40);
  return Buffer.concat([header, pcm]);
}

const [text = "Hello there.", output = "hello.wav"] = process.argv.slice(2);
const sidecar = new Sidecar();
try {
  await sidecar.request("initialize", {
    protocolVersion: 1,
    clientInfo: { name: "minimal" },
    processId: process.pid,
  });
  const chunks = [];
  const result = await sidecar.synthesize({ text }, (pcm) => chunks.push(pcm));
  writeFileSync(output, wav(Buffer.concat(chunks), result.sampleRate));
  console.log(`${output}: ${result.durationMs} ms in ${chunks.length} chunks, seed ${result.seed}`);
  await sidecar.close();
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
