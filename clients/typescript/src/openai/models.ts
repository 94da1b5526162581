import type { ModelEntry } from "../protocol.gen.js";
import { json } from "./answers.js";
import type { Door } from "./door.js";
import { HttpError, isResponseError } from "./errors.js";
import type { Call } from "./routes.js";

const OWNER = "qwen-tts-sidecar";

/** `GET /v1/models`: the sidecar's models, then the aliases of some of them. */
export async function listModels({ door }: Call): Promise<Response> {
  return json({ object: "list", data: await allModels(door) });
}

/** `GET /v1/audio/models`: the same, also under the key that Open WebUI reads. */
export async function listAudioModels({ door }: Call): Promise<Response> {
  const data = await allModels(door);
  return json({ object: "list", data, models: data.map(({ id }) => ({ id, name: id })) });
}

/** `GET /v1/models/{id}`. */
export async function getModel({ id, door }: Call): Promise<Response> {
  const models = await allModels(door);
  const model = models.find((model) => model.id === id);
  if (model) return json(model);
  if (door.aliases.isModel(id)) return json(alias(id, await target(id, door, models)));
  throw new HttpError(404, `There is no model ${JSON.stringify(id)}.`, "model_not_found", "model");
}

/** `POST /v1/models/{id}`: downloads it if necessary, and loads it, even if the client disconnects. */
export async function loadModel({ id, door, request }: Call): Promise<Response> {
  const loaded = await door.loads.load(door.aliases.model(id), request.signal);
  return json({ ...describe(id, { state: "loaded" }), ...loaded, model: undefined });
}

/**
 * `DELETE /v1/models/{id}`: frees its memory, or stops its load; the files stay. With `?wait=true`, it waits for the
 * end of the model's requests; otherwise a model in use is refused with a 409.
 */
export async function unloadModel({ id, door, query, request }: Call): Promise<Response> {
  const model = door.aliases.model(id);
  const defaultName = await door.loads.defaultName();
  const name = model ?? defaultName;
  // The default model may be loading under its name, or as the default.
  const names = name === defaultName ? [undefined, name] : [name];
  const stopped = names.map((name) => door.loads.stop(name)).includes(true);
  try {
    if (name === undefined) throw new HttpError(404, "The default model is not loaded.", "model_not_found", "model");
    await door.engine.models.unload(name, { wait: query.get("wait") === "true", signal: request.signal });
  } catch (error) {
    if (!stopped || !isNotLoaded(error)) throw error;
  }
  return json({ id, object: "model", deleted: true });
}

const isNotLoaded = (error: unknown) =>
  error instanceof HttpError ? error.status === 404 : isResponseError(error) && error.type === "unknownModel";

async function allModels(door: Door) {
  const own = await door.engine.models.list();
  const entries = own.map(({ model, ...entry }) => describe(model, entry));
  const aliases = door.aliases.models.map(async (id) => alias(id, await target(id, door, entries)));
  return [...entries, ...(await Promise.all(aliases))];
}

/** Return the model that an alias stands for, if it is in the list. */
async function target<M extends { id: string }>(alias: string, door: Door, models: readonly M[]): Promise<M | undefined> {
  const name = door.aliases.model(alias) ?? (await door.loads.defaultName());
  return models.find(({ id }) => id === name);
}

/** Describe an alias like the model that it stands for, except for the owner. */
const alias = (id: string, { state, abilities, download_bytes }: Partial<Described> = {}) =>
  describe(id, { state, abilities, downloadBytes: download_bytes });

type Described = ReturnType<typeof describe>;

/** Describe a model in OpenAI's form. The last three fields are this server's own. `created` is never known. */
const describe = (id: string, { state, repo, abilities, downloadBytes }: Partial<ModelEntry>) => ({
  id,
  object: "model" as const,
  created: 0,
  owned_by: repo?.split("/")[0] ?? OWNER,
  state,
  abilities,
  download_bytes: downloadBytes,
});
