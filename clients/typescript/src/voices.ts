import type { Caller } from "./connection.js";
import { callLater } from "./emitter.js";
import type * as options from "./options.js";
import type * as protocol from "./protocol.gen.js";

/** Voices: list, create, delete. `sidecar.voices` is one. */
export class Voices {
  /** @internal */
  readonly call: Caller;

  /** @internal */
  constructor(call: Caller) {
    this.call = call;
  }

  /**
   * List the preset voices of a model and the saved voices that fit it. The model must be in the
   * catalogue or on this machine. Default: the presets of the default model, and all saved voices.
   *
   * @throws {@link SidecarResponseError} of the type `unknownModel` or `modelNotDownloaded`.
   * @throws {@link SidecarExitedError} or another {@link SidecarError} if the sidecar cannot answer.
   *
   * @example
   * ```ts
   * for (const { voice, kind } of await tts.voices.list("tiny-voice")) console.log(voice, kind);
   * ```
   */
  readonly list = async (model?: protocol.ModelName, options?: options.CallOptions): Promise<protocol.VoiceEntry[]> =>
    (await this.listing(model, options)).voices;

  /**
   * List voices as `list` does, together with the files in the folder of voices that cannot be used,
   * and why.
   *
   * @throws {@link SidecarResponseError} of the type `unknownModel` or `modelNotDownloaded`.
   * @throws {@link SidecarExitedError} or another {@link SidecarError} if the sidecar cannot answer.
   *
   * @example
   * ```ts
   * const { voices, skipped = [] } = await tts.voices.listing();
   * for (const { file, reason } of skipped) console.log(file, reason);
   * ```
   */
  readonly listing = (model?: protocol.ModelName, options?: options.CallOptions): Promise<protocol.VoiceListResult> =>
    this.call("voice/list", { model }, options);

  /**
   * Create a voice from a recording or from a description, and save it. The models that this needs are
   * downloaded and loaded if necessary.
   *
   * @throws {@link SidecarResponseError} of the types `badReferenceAudio`, `voiceExists`,
   * `invalidVoiceName` and those of `models.load`.
   * @throws {@link SidecarExitedError} or another {@link SidecarError} if the sidecar cannot answer.
   *
   * @example
   * ```ts
   * const { voice } = await tts.voices.create({
   *   voice: "anna",
   *   model: "0.6b-base",
   *   reference: { path: "anna.wav", text: "What Anna says in the recording." },
   * });
   * const wav = await tts.synthesize({ text: "Hello there.", voice }).toWav();
   * ```
   */
  readonly create = (
    params: options.VoiceParams,
    { onProgress, ...options }: options.CreateVoiceOptions = {},
  ): Promise<protocol.VoiceCreateResult> =>
    this.call("voice/create", params, options, (progress) =>
      callLater(() => onProgress?.(progress)),
    );

  /**
   * Delete a saved voice. Speech that was requested before still uses it.
   *
   * @throws {@link SidecarResponseError} of the type `unknownVoice` if there is none of that name.
   * @throws {@link SidecarExitedError} or another {@link SidecarError} if the sidecar cannot answer.
   *
   * @example
   * ```ts
   * await tts.voices.delete("anna");
   * ```
   */
  readonly delete = async (voice: string, options?: options.CallOptions): Promise<void> => {
    await this.call("voice/delete", { voice }, options);
  };
}
