import type { VoiceEntry } from "../protocol.gen.js";
import { json } from "./answers.js";
import { isOpenAIVoice } from "./aliases.js";
import type { Door } from "./door.js";
import type { Call } from "./routes.js";

/** `GET /v1/audio/voices?model=…`: the model's voices, then the aliases of some of them. */
export async function listVoices({ door, query }: Call): Promise<Response> {
  const model = query.get("model");
  const own = await door.engine.voices.list(model === null ? undefined : door.aliases.model(model));
  const names = own.map(({ voice }) => voice);
  const aliases = door.aliases.voices.flatMap((name) => {
    const voice = door.aliases.voice(name, speakers(own));
    const known = voice !== undefined && names.some((own) => same(own, voice));
    return known && !names.some((own) => same(own, name)) ? [{ ...entry(name), alias_of: voice }] : [];
  });
  const data = [...own.map(({ voice, ...rest }) => ({ ...entry(voice), ...rest })), ...aliases];
  // Open WebUI reads `voices`, others read `data`.
  return json({ object: "list", data, voices: data });
}

const entry = (name: string) => ({ id: name, object: "voice", name });

/**
 * Load the model that a request needs, and return the sidecar's names of model and voice.
 *
 * @param model As the client wrote it.
 * @param voice As the client wrote it.
 * @param signal Ends the waiting, not the load.
 */
export async function prepareModel(
  door: Door,
  { model: asked, voice: wanted }: { model: string; voice: string | undefined },
  signal: AbortSignal,
): Promise<{ model: string | undefined; voice: string | undefined }> {
  const model = door.aliases.model(asked);
  const voice = wanted === undefined ? undefined : door.aliases.named(wanted);
  const voices = model === undefined && voice !== undefined ? await listed(door) : undefined;
  // A saved voice chooses its own model where the request names none.
  const saved = voices?.find((entry) => entry.kind === "saved" && same(entry.voice, voice ?? ""));
  if (!saved) await door.loads.ready(model, signal);
  else if (await isListed(door, saved.model)) await door.loads.ready(saved.model, signal);
  if (saved || voice === undefined || !isOpenAIVoice(voice)) return { model, voice };
  return { model, voice: door.aliases.voice(voice, speakers(voices ?? (await door.engine.voices.list(model)))) };
}

/** Return the voices, or undefined while the default model is not on this machine. */
const listed = ({ engine }: Door): Promise<VoiceEntry[] | undefined> => engine.voices.list().catch(() => undefined);

/**
 * Return whether a saved voice's model is in the catalogue. The voice file comes from an unknown author and may name any
 * model; one outside the catalogue is loaded only if a request names it, which the sidecar checks.
 */
async function isListed({ engine }: Door, model: string): Promise<boolean> {
  return !model.includes("/") && (await engine.models.list()).some((entry) => same(entry.model, model));
}

/** Return the voices that OpenAI's names stand for: the presets, or if there are none, the saved voices that fit. */
function speakers(voices: readonly VoiceEntry[]): readonly VoiceEntry[] {
  const presets = voices.filter(({ kind }) => kind === "preset");
  return presets.length > 0 ? presets : voices;
}

const same = (one: string, other: string) => one.toLowerCase() === other.toLowerCase();
