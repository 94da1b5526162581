import type { SpeechParams } from "../options.js";
import type { SpeechChunk, SpeechStream } from "../stream.js";
import { optionalString, readJson } from "./body.js";
import { badRequest, errorEvent } from "./errors.js";
import { chooseFormat } from "./formats.js";
import type { OpenAIOptions, SpeechEngine } from "./options.js";

type Body = Record<string, unknown>;
type Pieces = AsyncGenerator<Uint8Array<ArrayBuffer>, void>;

/** `POST /v1/audio/speech`. */
export async function createSpeech(
  request: Request,
  engine: SpeechEngine,
  options: OpenAIOptions,
): Promise<Response> {
  const body = await readJson(request);
  const { encoding, contentType } = chooseFormat(body.response_format);
  const sse = streamFormat(body) === "sse";
  const params = { ...speechParams(body, options), encoding };
  const stream = engine.synthesize(params, { signal: request.signal });
  const chunks = stream[Symbol.asyncIterator]();
  // What is wrong with the request is known before the first audio, and is told by the status.
  const first = await chunks.next();
  const pieces = sse ? events(first, chunks, stream) : audio(first, chunks);
  return new Response(toBody(pieces, stream), {
    headers: {
      "content-type": sse ? "text/event-stream" : contentType,
      "cache-control": "no-store",
    },
  });
}

/** `seed` and `language` are ours; whatever else OpenAI does not have is refused. */
function speechParams(body: Body, options: OpenAIOptions): SpeechParams {
  const { input, model, voice, speed, seed } = body;
  if (typeof input !== "string") throw badRequest("input has to be a string.", "input");
  if (typeof model !== "string") throw badRequest("model has to be a string.", "model");
  return {
    text: input,
    model: mapped(options.models, model),
    voice: voiceName(voice, options.voices),
    instruct: optionalString(body, "instructions") || undefined,
    language: optionalString(body, "language"),
    // The sidecar says what is wrong with these.
    seed: seed as number | undefined,
    speed: speed as number | undefined,
  };
}

/** OpenAI's voice: a name, or `{id}`. */
function voiceName(voice: unknown, table: OpenAIOptions["voices"]): string | undefined {
  const name = typeof voice === "object" && voice !== null ? (voice as { id?: unknown }).id : voice;
  if (name === undefined || name === null) return undefined;
  if (typeof name !== "string") throw badRequest("voice has to be a string.", "voice");
  return mapped(table, name);
}

const mapped = (table: Readonly<Record<string, string>> | undefined, name: string) =>
  table && Object.hasOwn(table, name) ? table[name] : name;

function streamFormat({ stream_format: wanted }: Body): "audio" | "sse" {
  const format = wanted ?? "audio";
  if (format === "audio" || format === "sse") return format;
  throw badRequest('stream_format is "audio" or "sse".', "stream_format");
}

type Chunks = AsyncIterator<SpeechChunk, undefined>;
type First = IteratorResult<SpeechChunk, undefined>;

async function* audio(first: First, chunks: Chunks): Pieces {
  for (let chunk = first; !chunk.done; chunk = await chunks.next()) yield chunk.value.audio;
}

/** OpenAI's events. `seq` and `samples`, and the `result` at the end, are ours. */
async function* events(first: First, chunks: Chunks, stream: SpeechStream): Pieces {
  try {
    for (let chunk = first; !chunk.done; chunk = await chunks.next()) {
      const { audio, seq, samples } = chunk.value;
      yield event({ type: "speech.audio.delta", audio: base64(audio), seq, samples });
    }
    const result = await stream.final();
    yield event({ type: "speech.audio.done", usage: usage(result.frames), result });
  } catch (error) {
    yield event(errorEvent(error));
  }
}

/** A codec frame is what comes next to a token; the text's tokens are not counted. */
const usage = (frames: number) => ({ input_tokens: 0, output_tokens: frames, total_tokens: frames });

const event = (value: object) =>
  new Uint8Array(new TextEncoder().encode(`data: ${JSON.stringify(value)}\n\n`));

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");

function toBody(pieces: Pieces, stream: SpeechStream): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    pull: async (controller) => {
      const { done, value } = await pieces.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: () => stream.cancel(),
  });
}
