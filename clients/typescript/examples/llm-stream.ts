// Text arrives in pieces, as from a language model, and is spoken before it is complete. At the end, its captions are
// printed.

import { createSidecar, toVtt } from "qwen-tts-sidecar";

const ANSWER = "The sky is blue. Air scatters short waves more than long ones. That is all there is to it.";

/** A stand-in for `client.chat.completions.create({stream: true})` that yields a few words at a time. */
async function* languageModel(): AsyncGenerator<string> {
  for (const word of ANSWER.split(/(?<= )/)) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    yield word;
  }
  console.log("text: complete");
}

const tts = await createSidecar();
await tts.models.load("tiny-voice"); // Ahead of time, so that the first word does not wait for it.
const stream = tts.synthesizeText(languageModel(), { model: "tiny-voice" });
stream.on("sentence", ({ text, startMs }) => console.log(`sentence: ${startMs} ms, ${text.trim()}`));
for await (const { seq, offset, samples } of stream) {
  console.log(`audio: chunk ${seq}, ${offset / 24} to ${(offset + samples) / 24} ms`);
}
const result = await stream.final();
console.log(`end: ${result.durationMs} ms\n${toVtt(result)}`);
await tts.close();
