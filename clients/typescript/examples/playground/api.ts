// The page's requests to the server, which use OpenAI's routes only.

export interface Chunk {
  seq: number;
  samples: Float32Array<ArrayBuffer>;
}

/** A sentence. As with words, places are in the text, in UTF-16 units, and times are in the audio. */
export interface Sentence {
  index: number;
  textStart: number;
  textEnd: number;
  startMs: number;
}

export interface Words {
  /** Index of the sentence. */
  sentence: number;
  /** `null`: there are no times. */
  words: { startMs: number; endMs: number; textStart: number; textEnd: number }[] | null;
}

export interface Listener {
  onChunk(chunk: Chunk): void;
  onSentence(sentence: Sentence): void;
  onWords(words: Words): void;
}

export interface Result {
  seed: number;
  durationMs: number;
  finishReason: string;
  metrics: { realTimeFactor: number };
}

export interface Model {
  id: string;
  state: string;
  /** Absent: unknown until the model is loaded. */
  abilities?: string[];
  /** Present for a model that is not on this machine. */
  download_bytes?: number;
}

export interface LoadedModel {
  voices: string[];
  languages: string[];
  abilities?: string[];
}

type SpeechEvent =
  | { type: "speech.audio.delta"; audio: string; seq: number }
  | ({ type: "speech.sentence" } & Sentence)
  | ({ type: "speech.words" } & Words)
  | { type: "speech.audio.done"; result: Result }
  | { type: "error"; error: { message: string } };

/** A server with a key is opened as `/#the-key`; browsers never send the part after the #. */
const key = decodeURIComponent(location.hash.slice(1));
const headers: Record<string, string> = {
  "content-type": "application/json",
  ...(key && { authorization: `Bearer ${key}` }),
};

async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const response = await connected(fetch(path, { ...init, headers }), "The server does not answer.");
  if (response.ok) return response;
  const body = await response.json().catch(() => undefined);
  throw new Error(body?.error?.message ?? `The server answered with the status ${response.status}.`);
}

/** Browsers say "Failed to fetch", "Load failed" or "network error" as a TypeError. */
async function connected<T>(answer: Promise<T>, otherwise: string): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw error instanceof TypeError ? new Error(otherwise) : error;
  }
}

const LOST = "The server went away in the middle of the speech.";

export async function listModels(): Promise<Model[]> {
  return (await (await ask("/v1/models")).json()).data;
}

export async function loadModel(model: string): Promise<LoadedModel> {
  return (await ask(`/v1/models/${encodeURIComponent(model)}`, { method: "POST" })).json();
}

/** Return the voices of a model, which need not be on this machine, without the aliases. */
export async function listVoices(model: string): Promise<string[]> {
  const { data } = await (await ask(`/v1/audio/voices?model=${encodeURIComponent(model)}`)).json();
  return data.flatMap(({ id, alias_of }: { id: string; alias_of?: string }) => (alias_of ? [] : [id]));
}

/** Speak, and tell the listener what arrives. */
export async function speak(
  params: Record<string, unknown>,
  listener: Listener,
  signal: AbortSignal,
): Promise<Result> {
  const body = JSON.stringify({ ...params, response_format: "pcm", stream_format: "sse", timing: "word" });
  const response = await ask("/v1/audio/speech", { method: "POST", body, signal });
  for await (const event of events(response)) {
    if (event.type === "speech.audio.done") return event.result;
    if (event.type === "error") throw new Error(event.error.message);
    if (event.type === "speech.sentence") listener.onSentence(event);
    else if (event.type === "speech.words") listener.onWords(event);
    else listener.onChunk({ seq: event.seq, samples: toFloats(event.audio) });
  }
  throw new Error(LOST);
}

async function* events(response: Response): AsyncGenerator<SpeechEvent> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = (await (reader && connected(reader.read(), LOST))) ?? { done: true, value: undefined };
    if (done) return;
    const whole = (text + value).split("\n\n");
    text = whole.pop() ?? "";
    for (const event of whole) yield JSON.parse(event.replace(/^data: /, ""));
  }
}

function toFloats(base64: string): Float32Array<ArrayBuffer> {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  return Float32Array.from(new Int16Array(bytes.buffer), (sample) => sample / 32768);
}
