import { abortable } from "./abort.js";
import type { Method, Params, Progress, Result } from "./connection.js";
import { Emitter, unharmed } from "./emitter.js";
import { FlowGate, KeepAlive } from "./flow.js";
import type * as options from "./options.js";
import type * as protocol from "./protocol.gen.js";
import { WireSpeech, type SpeechHost } from "./speech.js";
import { SpeechStream } from "./stream.js";
import { Supervisor } from "./supervisor.js";
import type { TextSource } from "./text-feed.js";

const HIGH_WATER_MARK = 64 * 1024 * 1024;

/**
 * Find the sidecar, start its process, and wait until it answers.
 *
 * @throws {@link SidecarNotFoundError} if there is no sidecar; `looked` lists where it was looked for.
 * @throws {@link SidecarStartError} if the process cannot be started or does not answer in time.
 * @throws {@link SidecarExitedError} if the process ends before it answers.
 * @throws {@link SidecarVersionError} if it speaks another version of the protocol.
 * @throws {@link SidecarProtocolError} if it is another program.
 * @throws {@link SidecarError} if a number among the options has no meaning.
 *
 * @example
 * ```ts
 * import { createSidecar } from "qwen-tts-sidecar";
 *
 * const sidecar = await createSidecar({ onLog: (line) => console.error(line) });
 * const wav = await sidecar.synthesize({ text: "Hello there." }).toWav();
 * await sidecar.close();
 * ```
 */
export async function createSidecar(options: options.SidecarOptions = {}): Promise<Sidecar> {
  const sidecar = new Sidecar(options);
  await sidecar[START]();
  return sidecar;
}

const START = Symbol("start");

/**
 * A sidecar that runs as a child process; `createSidecar` makes one. It ends when this process ends, and
 * does not keep this process running unless a call is pending.
 */
export class Sidecar extends Emitter<options.SidecarEvents> {
  readonly #gate: FlowGate;
  readonly #keepAlive = new KeepAlive();
  readonly #supervisor: Supervisor;
  readonly #host: SpeechHost;

  /** @internal */
  constructor(options: options.SidecarOptions) {
    super();
    this.#gate = new FlowGate(options.highWaterMark ?? HIGH_WATER_MARK);
    this.#supervisor = new Supervisor(options, this.#gate, {
      onExit: (event) => this.emit("exit", event),
      onRestart: (event) => this.emit("restart", event),
      onLine: (line) => {
        unharmed(() => options.onLog?.(line));
        this.emit("log", line);
      },
    });
    this.#host = {
      connection: () => this.#supervisor.connection(),
      gate: this.#gate,
      keepAlive: this.#keepAlive,
    };
  }

  /** @internal */
  async [START](): Promise<void> {
    await this.#keepAlive.during(this.#supervisor.start());
  }

  /** Process id of the sidecar that runs now; undefined if none does. */
  get pid(): number | undefined {
    return this.#supervisor.pid;
  }

  /**
   * The sidecar's name and version.
   *
   * @throws {@link SidecarClosedError} if no sidecar was ever started.
   */
  get serverInfo(): protocol.ServerInfo {
    return this.#supervisor.server.serverInfo;
  }

  /**
   * Methods, encodings and limits of this sidecar.
   *
   * @throws {@link SidecarClosedError} if no sidecar was ever started.
   */
  get capabilities(): protocol.Capabilities {
    return this.#supervisor.server.capabilities;
  }

  /** Bytes of audio, over all streams, that wait in memory to be read. */
  get bufferedBytes(): number {
    return this.#gate.buffered;
  }

  /**
   * Speak a text. Generation starts at once, whether or not the stream is read. The stream
   * throws the error of params that are wrong.
   *
   * @example
   * ```ts
   * const speech = tts.synthesize({ text: "Hello there.", voice: "slt", seed: 3 });
   * for await (const { audio, samples } of speech) console.log(samples, audio.length);
   * ```
   */
  synthesize(params: options.SpeechParams, { signal }: options.CallOptions = {}): SpeechStream {
    return new SpeechStream(new WireSpeech(this.#host, params), signal);
  }

  /**
   * Speak a text that is still being written, e.g. by a language model. The source is read no further
   * than 4000 characters ahead of the voice; when the speech ends, its `return` is called. An error
   * that the source throws is thrown to the reader of the stream.
   *
   * @example
   * ```ts
   * async function* answer() {
   *   yield "Hel";
   *   yield "lo there.";
   * }
   * for await (const { audio } of tts.synthesizeText(answer())) console.log(audio.length);
   * ```
   */
  synthesizeText(
    text: TextSource,
    params: options.LiveSpeechParams = {},
    { signal }: options.CallOptions = {},
  ): SpeechStream {
    return new SpeechStream(new WireSpeech(this.#host, { ...params, text: "" }, text), signal);
  }

  /** Models: list, load, unload. */
  readonly models = {
    /**
     * List the models that can be loaded by name: the bundled one, the catalogue, and others on this
     * machine. The network is not asked.
     *
     * @throws {@link SidecarExitedError} or another {@link SidecarError} if the sidecar cannot answer.
     *
     * @example
     * ```ts
     * for (const { model, state, downloadBytes } of await tts.models.list()) {
     *   console.log(model, state, downloadBytes);
     * }
     * ```
     */
    list: async (options?: options.CallOptions): Promise<protocol.ModelEntry[]> =>
      (await this.#call("model/list", {}, options)).models,

    /**
     * Load a model into memory, and download it first if need be. Default: the default model. A model
     * that a speech needs is loaded by itself; this does it ahead of time. Aborting stops a download, of
     * which what has come is kept.
     *
     * @throws {@link SidecarResponseError} of the types `unknownModel`, `hubUnreachable`, `diskFull`,
     * `memoryLimitExceeded` and others.
     * @throws {@link SidecarExitedError} or another {@link SidecarError} if the sidecar cannot answer.
     *
     * @example
     * ```ts
     * const { voices, languages } = await tts.models.load("0.6b-customvoice", {
     *   onProgress: ({ message }) => console.log(message),
     * });
     * ```
     */
    load: (
      model: protocol.ModelName | options.LoadParams = {},
      { onProgress, ...options }: options.LoadOptions = {},
    ): Promise<protocol.ModelLoadResult> => {
      const params = typeof model === "string" ? { model } : model;
      return this.#call("model/load", params, options, (progress) => {
        unharmed(() => onProgress?.(progress));
        this.emit("progress", { ...progress, model: params.model ?? undefined });
      });
    },

    /**
     * Remove a model from memory. Its files stay on the disk.
     *
     * @throws {@link SidecarResponseError} of the type `modelInUse` while it speaks, without `wait`; of
     * the type `unknownModel` if it is not loaded.
     * @throws {@link SidecarExitedError} or another {@link SidecarError} if the sidecar cannot answer.
     *
     * @example
     * ```ts
     * await tts.models.unload("0.6b-customvoice", { wait: true });
     * ```
     */
    unload: async (
      model: protocol.ModelName,
      { wait, ...options }: options.UnloadOptions = {},
    ): Promise<void> => {
      await this.#call("model/unload", wait ? { model, wait } : { model }, options);
    },
  };

  /** Voices: list, create, delete. */
  readonly voices = {
    /**
     * List the preset voices of a model and the saved voices that fit it. The model has to be in the
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
    list: async (model?: protocol.ModelName, options?: options.CallOptions): Promise<protocol.VoiceEntry[]> =>
      (await this.voices.listing(model, options)).voices,

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
    listing: (model?: protocol.ModelName, options?: options.CallOptions): Promise<protocol.VoiceListResult> =>
      this.#call("voice/list", { model }, options),

    /**
     * Make a voice from a recording or from a description, and save it. The models that this needs are
     * downloaded and loaded if need be.
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
    create: (
      params: options.VoiceParams,
      { onProgress, ...options }: options.CreateVoiceOptions = {},
    ): Promise<protocol.VoiceCreateResult> =>
      this.#call("voice/create", params, options, (progress) =>
        unharmed(() => onProgress?.(progress)),
      ),

    /**
     * Delete a saved voice. A speech that has already been asked for keeps it.
     *
     * @throws {@link SidecarResponseError} of the type `unknownVoice` if there is none of that name.
     * @throws {@link SidecarExitedError} or another {@link SidecarError} if the sidecar cannot answer.
     *
     * @example
     * ```ts
     * await tts.voices.delete("anna");
     * ```
     */
    delete: async (voice: string, options?: options.CallOptions): Promise<void> => {
      await this.#call("voice/delete", { voice }, options);
    },
  };

  /**
   * Tell what the sidecar is doing: streams, queue, loaded models, memory. It answers at once, also
   * while it speaks or loads.
   *
   * @throws {@link SidecarExitedError} or another {@link SidecarError} if the sidecar cannot answer.
   *
   * @example
   * ```ts
   * const { streams, queued, memory } = await tts.status();
   * console.log(streams.length, queued, memory.activeBytes);
   * ```
   */
  status(options?: options.CallOptions): Promise<protocol.StatusResult> {
    return this.#call("server/status", {}, options);
  }

  /**
   * Ask for a sign of life. It answers at once, also while it speaks or loads.
   *
   * @throws {@link SidecarExitedError} or another {@link SidecarError} if the sidecar cannot answer.
   *
   * @example
   * ```ts
   * const { uptimeMs } = await tts.ping({ signal: AbortSignal.timeout(2000) });
   * ```
   */
  ping(options?: options.CallOptions): Promise<protocol.PingResult> {
    return this.#call("ping", {}, options);
  }

  /**
   * End the sidecar's process, and wait until it has ended. Pending calls and streams reject with
   * {@link SidecarClosedError}. A process that does not end is killed after 5 seconds. Never rejects.
   *
   * @example
   * ```ts
   * await tts.close();
   * ```
   */
  close(): Promise<void> {
    return this.#keepAlive.during(this.#supervisor.close());
  }

  /** Close the sidecar at the end of a block: `await using tts = await createSidecar()`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #call<M extends Method>(
    method: M,
    params: Params<M>,
    { signal }: options.CallOptions = {},
    onProgress?: (value: Progress<M>) => void,
  ): Promise<Result<M>> {
    const call = async () => {
      signal?.throwIfAborted();
      const connection = await abortable(this.#supervisor.connection(), signal);
      const { result, cancel } = connection.request(method, params, onProgress);
      return await abortable(result, signal, cancel);
    };
    return this.#keepAlive.during(this.#gate.waitFor(call()));
  }
}
