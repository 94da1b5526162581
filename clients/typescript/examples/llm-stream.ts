// Text arrives in pieces, as from a language model, and is heard before it is complete.

import { createSidecar } from "qwen-tts-sidecar";

const ANSWER = "The sky is blue. Air scatters short waves more than long ones. That is all there is to it.";

/** Stands in for `client.chat.completions.create({stream: true})`: a word now and then. */
async function* languageModel(): AsyncGenerator<string> {
  for (const word of ANSWER.split(/(?<= )/)) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    yield word;
  }
  console.log("text: complete");
}

const tts = await createSidecar();
await tts.models.load("tiny-voice"); // Before it is needed: the first word should not wait for it.
const stream = tts.synthesizeText(languageModel(), { model: "tiny-voice" });
for await (const { seq, offset, samples } of stream) {
  console.log(`audio: chunk ${seq}, ${offset / 24} to ${(offset + samples) / 24} ms`);
}
console.log(`end: ${(await stream.final()).durationMs} ms`);
await tts.close();
