import type { SpeechParams } from "../options.js";
import type { SpeechStream } from "../stream.js";
import { optionalString, readJson } from "./body.js";
import type { Door } from "./door.js";
import { badRequest, HttpError, isResponseError } from "./errors.js";
import { chooseFormat } from "./formats.js";
import type { Call } from "./routes.js";
import { audio, events, toBody, type Chunks, type First, type Mark } from "./streaming.js";
import { prepareModel } from "./voices.js";
import { httpMessage } from "./wording.js";

type Body = Record<string, unknown>;

/** `POST /v1/audio/speech`. */
export async function createSpeech({ door, request }: Call): Promise<Response> {
  const body = await readJson(request);
  const { encoding, contentType } = chooseFormat(body.response_format);
  const sse = streamFormat(body) === "sse";
  const asked = { ...speechParams(body), encoding };
  const timing = wordTiming(body, sse);
  const params = { ...asked, timing, ...(await prepareModel(door, asked, request.signal)) };
  const { stream, chunks, first, marks, ignored } = await begin(door, params, request.signal);
  const pieces = sse ? events(first, chunks, stream, marks) : audio(first, chunks);
  return new Response(toBody(pieces, stream), {
    headers: {
      "content-type": sse ? "text/event-stream" : contentType,
      "cache-control": "no-store",
      ...(ignored && { "x-ignored-parameters": ignored }),
    },
  });
}

/** `seed`, `language` and `timing` are this server's own. Other fields are ignored: clients send many for other servers. */
function speechParams(body: Body) {
  const { input, model, voice, speed, seed } = body;
  if (typeof input !== "string") throw badRequest("input must be a string.", "input");
  if (typeof model !== "string") throw badRequest("model must be a string.", "model");
  return {
    text: input,
    model,
    voice: voiceName(voice),
    instruct: optionalString(body, "instructions") || undefined,
    language: optionalString(body, "language"),
    // The sidecar checks these.
    seed: seed as number | undefined,
    speed: speed as number | undefined,
  };
}

/** OpenAI's voice: a name, or `{id}`. */
function voiceName(voice: unknown): string | undefined {
  if (voice === undefined || voice === null) return undefined;
  const name = typeof voice === "object" ? (voice as { id?: unknown }).id : voice;
  if (typeof name !== "string") throw badRequest('voice must be a string, or an object like {"id": "alloy"}.', "voice");
  return name;
}

function streamFormat({ stream_format: wanted }: Body): "audio" | "sse" {
  const format = wanted ?? "audio";
  if (format === "audio" || format === "sse") return format;
  throw badRequest('stream_format must be "audio" or "sse".', "stream_format");
}

/** This server's own `timing`: words are events, so they need `stream_format: "sse"`. */
function wordTiming({ timing }: Body, sse: boolean): "word" | undefined {
  if (timing === undefined || timing === null || timing === "sentence") return undefined;
  if (timing !== "word") throw badRequest('timing must be "sentence" or "word".', "timing");
  if (!sse) throw badRequest('timing "word" needs stream_format "sse".', "timing");
  return timing;
}

interface Begun {
  stream: SpeechStream;
  chunks: Chunks;
  first: First;
  /** Sentences and words that have arrived and were not sent. */
  marks: Mark[];
  /** Params that the model cannot follow and that were left out. */
  ignored?: string;
}

/** Speak until the first audio. A request's errors are known before that, and can be reported by the status. */
async function begin(door: Door, params: SpeechParams, signal: AbortSignal): Promise<Begun> {
  try {
    return await start(door, params, signal);
  } catch (error) {
    if (!isResponseError(error)) throw error;
    if (error.type === "unknownVoice") throw unknownVoice(httpMessage(error.message), door);
    if (!door.ignoresInstructions || error.type !== "unsupported" || error.field !== "instruct") throw error;
    return { ...(await begin(door, { ...params, instruct: undefined }, signal)), ignored: "instructions" };
  }
}

async function start({ engine }: Door, params: SpeechParams, signal: AbortSignal): Promise<Begun> {
  const stream = engine.synthesize(params, { signal });
  const marks: Mark[] = [];
  if (params.timing === "word") {
    stream.on("sentence", (sentence) => marks.push({ type: "speech.sentence", ...sentence }));
    stream.on("words", (words) => marks.push({ type: "speech.words", ...words }));
  }
  const chunks = stream[Symbol.asyncIterator]();
  return { stream, chunks, first: await chunks.next(), marks };
}

/** The sidecar's message lists only its own names; the client may know only the aliases. */
const unknownVoice = (message: string, { aliases }: Door) =>
  new HttpError(400, `${message} These names are accepted, too: ${aliases.voices.join(", ")}.`, "unknown_voice", "voice");
