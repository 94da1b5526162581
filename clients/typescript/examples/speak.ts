// Speaks to a WAV file: `bun examples/speak.ts "Hello there." hello.wav`, or with `node` from 22.18 on.

import { writeFile } from "node:fs/promises";
import { createSidecar } from "qwen-tts-sidecar";

const [text = "Hello there.", file = "hello.wav"] = process.argv.slice(2);

const tts = await createSidecar();
const stream = tts.synthesize({ text });
await writeFile(file, await stream.toWav());
const { durationMs, metrics, seed } = await stream.final();
console.log(`${file}: ${durationMs} ms, first audio after ${Math.round(metrics.firstAudioMs)} ms, seed ${seed}`);
await tts.close();
