import { abortable } from "./abort.js";
import type { Caller } from "./connection.js";
import { Emitter, callLater } from "./emitter.js";
import { ModelEnsurer } from "./ensure.js";
import { FlowGate, KeepAlive } from "./flow.js";
import { Models } from "./models.js";
import type * as options from "./options.js";
import type * as protocol from "./protocol.gen.js";
import { WireSpeech, type SpeechHost } from "./speech.js";
import { SpeechStream } from "./stream.js";
import { Supervisor } from "./supervisor.js";
import type { TextSource } from "./text-feed.js";
import type { Connector } from "./transport.js";
import { Voices } from "./voices.js";

const HIGH_WATER_MARK = 64 * 1024 * 1024;

/** @internal */
export const START: unique symbol = Symbol("start");

/**
 * A sidecar: a child process that `createSidecar` starts, or a server that `connect` reaches. A child
 * process ends when this process ends. Neither keeps this process running unless a call is pending.
 */
export class Sidecar extends Emitter<options.SidecarEvents> {
  readonly #gate: FlowGate;
  readonly #keepAlive = new KeepAlive();
  readonly #supervisor: Supervisor;
  readonly #host: SpeechHost;

  readonly #call: Caller = (method, params, { signal, repeat } = {}, onProgress) => {
    const call = async () => {
      for (;;) {
        signal?.throwIfAborted();
        // If the sidecar is not started again, this rejects with the reason.
        const connection = await abortable(this.#supervisor.connection(), signal);
        const { result, cancel } = connection.request(method, params, onProgress);
        try {
          return await abortable(result, signal, () => cancel());
        } catch (error) {
          if (!repeat || error !== connection.closed) throw error;
        }
      }
    };
    return this.#keepAlive.during(this.#gate.waitFor(call()));
  };

  readonly #report = (progress: options.ModelProgressEvent) => this.emit("progress", progress);
  readonly #ensurer = new ModelEnsurer(this.#call, this.#report);
  /** Models: list, load, unload, delete. */
  readonly models = new Models(this.#call, this.#report);
  /** Voices: list, create, delete. */
  readonly voices = new Voices(this.#call);

  /** @internal */
  constructor(connector: Connector, options: options.ClientOptions, onLog?: (line: string) => void) {
    super();
    this.#gate = new FlowGate(options.highWaterMark ?? HIGH_WATER_MARK);
    this.#supervisor = new Supervisor(connector, options, this.#gate, {
      onExit: (event) => this.emit("exit", event),
      onRestart: (event) => this.emit("restart", event),
      onLine: (line) => {
        callLater(() => onLog?.(line));
        this.emit("log", line);
      },
    });
    this.#host = {
      connection: () => this.#supervisor.connection(),
      creditMs: connector.creditMs,
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
   * Speak a text. Generation starts at once, whether or not the stream is read. Wrong params are
   * reported by the stream.
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

  /**
   * Make sure that a model is on this machine, and download it if it is not; with `load`, also load it.
   * A model that is here resolves at once, without the network. Calls for the same model at the same
   * time share one download. If the sidecar crashes meanwhile, the call goes on with the restarted one.
   * An aborted or failed download keeps what it has received, and the next call continues from there.
   *
   * @throws {@link SidecarResponseError} of the types `hubUnreachable` or `modelNotDownloaded` (offline),
   * `diskFull`, `budgetExceeded`, `unknownModel`, `corruptDownload`, `modelDamaged` and others.
   * @throws {@link SidecarExitedError} or another {@link SidecarError} if the sidecar is not started again.
   *
   * @example
   * ```ts
   * const { path } = await tts.ensureModel("0.6b-customvoice", {
   *   onProgress: ({ receivedBytes = 0, totalBytes = 1 }) => console.log(receivedBytes / totalBytes),
   * });
   * ```
   */
  ensureModel(model: protocol.ModelName, options: options.EnsureOptions = {}): Promise<options.EnsureResult> {
    return this.#ensurer.ensure(model, options);
  }

  /**
   * Return what the sidecar is doing: streams, queue, loaded models, memory. It answers at once, also
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
   * Check whether the sidecar responds. It answers at once, also while it speaks or loads.
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
}
