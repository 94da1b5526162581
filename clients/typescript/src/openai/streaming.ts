import type { Sentence } from "../sentences.js";
import type { SpeechChunk, SpeechStream } from "../stream.js";
import type { SentenceWords } from "../words.js";
import { errorEvent } from "./errors.js";

type Pieces = AsyncGenerator<Uint8Array<ArrayBuffer>, void>;
export type Chunks = AsyncIterator<SpeechChunk, undefined>;
export type First = IteratorResult<SpeechChunk, undefined>;
/** An event with the place and the time of a sentence, or of the words in it. */
export type Mark = ({ type: "speech.sentence" } & Sentence) | ({ type: "speech.words" } & SentenceWords);

/** Yield the pieces of one audio file. */
export async function* audio(first: First, chunks: Chunks): Pieces {
  for (let chunk = first; !chunk.done; chunk = await chunks.next()) yield chunk.value.audio;
}

/** Yield OpenAI's events. The marks, `seq`, `samples` and the `result` at the end are this server's own. */
export async function* events(
  first: First,
  chunks: Chunks,
  stream: SpeechStream,
  marks: Mark[],
): Pieces {
  try {
    for (let chunk = first; !chunk.done; chunk = await chunks.next()) {
      const { audio, seq, samples } = chunk.value;
      yield event({ type: "speech.audio.delta", audio: base64(audio), seq, samples });
      for (const mark of marks.splice(0)) yield event(mark);
    }
    const { words: _, ...result } = await stream.final();
    for (const mark of marks.splice(0)) yield event(mark);
    yield event({ type: "speech.audio.done", usage: usage(result.frames), result });
  } catch (error) {
    yield event(errorEvent(error));
  }
}

/** Return OpenAI's `usage`. A codec frame is counted as a token; the tokens of the text are not counted. */
const usage = (frames: number) => ({ input_tokens: 0, output_tokens: frames, total_tokens: frames });

const event = (value: object) =>
  new Uint8Array(new TextEncoder().encode(`data: ${JSON.stringify(value)}\n\n`));

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");

/** Return the pieces as a response's body. Cancelling it cancels the speech. */
export function toBody(pieces: Pieces, stream: SpeechStream): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    pull: async (controller) => {
      const { done, value } = await pieces.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: async () => void (await stream.cancel()),
  });
}
