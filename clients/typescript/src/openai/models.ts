import type { ModelEntry } from "../protocol.gen.js";
import { HttpError } from "./errors.js";
import type { OpenAIOptions, SpeechEngine } from "./options.js";

const OWNER = "qwen-tts-sidecar";

/** `GET /v1/models`: the sidecar's models, and the names that the app has given them. */
export async function listModels(engine: SpeechEngine, options: OpenAIOptions): Promise<Response> {
  return Response.json({ object: "list", data: await allModels(engine, options) });
}

/** `GET /v1/models/{id}`. */
export async function getModel(
  id: string,
  engine: SpeechEngine,
  options: OpenAIOptions,
): Promise<Response> {
  const model = (await allModels(engine, options)).find((model) => model.id === id);
  if (!model) throw new HttpError(404, `The model ${JSON.stringify(id)} is not known.`, "model_not_found", "model");
  return Response.json(model);
}

/** `POST /v1/models/{id}`: downloads it if needed, and loads it. */
export async function loadModel(
  id: string,
  engine: SpeechEngine,
  options: OpenAIOptions,
  signal: AbortSignal,
): Promise<Response> {
  const loaded = await engine.models.load(realName(id, options), { signal });
  return Response.json({ ...describe({ model: id, state: "loaded" }), ...loaded, model: undefined });
}

/** `DELETE /v1/models/{id}`: frees its memory; the files stay. */
export async function unloadModel(
  id: string,
  engine: SpeechEngine,
  options: OpenAIOptions,
): Promise<Response> {
  await engine.models.unload(realName(id, options));
  return Response.json({ id, object: "model", deleted: true });
}

/** `GET /v1/audio/voices?model=…`: the model's own, and OpenAI's names where the app gave a table. */
export async function listVoices(
  model: string | null,
  engine: SpeechEngine,
  options: OpenAIOptions,
): Promise<Response> {
  const own = await engine.voices.list(model === null ? undefined : realName(model, options));
  const data = own.map(({ voice, ...rest }) => ({ id: voice, object: "voice", name: voice, ...rest }));
  const names = new Set(data.map(({ id }) => id));
  const aliases = Object.entries(options.voices ?? {})
    .filter(([, voice]) => names.has(voice))
    .map(([name, voice]) => ({ id: name, object: "voice", name, alias_of: voice }));
  return Response.json({ object: "list", data: [...data, ...aliases] });
}

async function allModels(engine: SpeechEngine, { models = {} }: OpenAIOptions) {
  const own = await engine.models.list();
  const aliases = Object.entries(models).flatMap(([name, model]) => {
    const entry = own.find((entry) => entry.model === model);
    return [describe({ model: name, state: entry?.state ?? "known" })];
  });
  return [...own.map(describe), ...aliases];
}

/** `state` is ours. When a model was made is not known. */
const describe = ({ model, state, repo }: ModelEntry) => ({
  id: model,
  object: "model" as const,
  created: 0,
  owned_by: repo?.split("/")[0] ?? OWNER,
  state,
});

const realName = (id: string, { models }: OpenAIOptions) =>
  models && Object.hasOwn(models, id) ? (models[id] ?? id) : id;
