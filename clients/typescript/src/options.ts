import type { RestartPolicy } from "./backoff.js";
import type { SidecarError } from "./errors.js";
import type {
  ClientInfo,
  LoadProgress,
  ModelDownloadResult,
  ModelLoadParams,
  ModelLoadResult,
  Reference,
  SynthesizeParams,
  VoiceCreateParams,
  VoiceProgress,
} from "./protocol.gen.js";

/** How a client supervises a conversation with a sidecar. */
export interface ClientOptions {
  /**
   * Whether, and how often, to start the sidecar again after a crash. Default true: up to the fifth
   * crash within three minutes, with growing pauses.
   */
  restart?: boolean | RestartPolicy;
  /**
   * Bytes of unread audio, over all streams, that may wait in memory before the sidecar is made to
   * pause. Default 67108864, which is 64 MiB.
   */
  highWaterMark?: number;
  /** Time limit for the handshake, in milliseconds. Default 60000. */
  startTimeoutMs?: number;
  /**
   * Milliseconds that a running sidecar may be silent, not even answering a ping, before it is killed
   * and started again. Default 60000; 0 turns this off.
   */
  silenceTimeoutMs?: number;
  /** Name and version of this program, for the sidecar's log. Default: those of this package. */
  clientInfo?: ClientInfo;
}

/** How `createSidecar` finds, starts and supervises the sidecar's process. */
export interface SidecarOptions extends ClientOptions {
  /**
   * The sidecar: a program, a command line, or an array of words. In a command line, spaces separate
   * words, quotes keep them together, and a backslash escapes the next character. Default:
   * `QWEN_TTS_SIDECAR`, then the npm package of this platform, then a `.venv` in `cwd` or above it, then
   * `qwen-tts-sidecar` on the PATH, then `python3 -m sidecar` if that is this sidecar.
   */
  command?: string | readonly string[];
  /** Arguments that are appended to the command, e.g. `["--model", "0.6b-base"]`. Default: none. */
  args?: readonly string[];
  /**
   * Variables that are added to this process's environment; `undefined` removes one. Default: `PYTHONSAFEPATH` is 1,
   * unless this process has that variable, so that a Python runs no modules of the working directory.
   */
  env?: Record<string, string | undefined>;
  /**
   * Working directory of the sidecar, to which paths of models and recordings are relative. Default:
   * this process's.
   */
  cwd?: string;
  /** Called with each line of the sidecar's stderr, without its line break. Default: not called. */
  onLog?: (line: string) => void;
}

/** Options of every call. */
export interface CallOptions {
  /**
   * Aborting it cancels the call, which then rejects with the signal's reason. Default: the call cannot
   * be cancelled.
   */
  signal?: AbortSignal;
}

/** Options of `models.load`. */
export interface LoadOptions extends CallOptions {
  /** Called when a stage begins, and several times a second during a download. Default: not called. */
  onProgress?: (progress: LoadProgress) => void;
}

/** Options of `ensureModel`. */
export interface EnsureOptions extends CallOptions {
  /**
   * Called when a stage begins, and several times a second during a download, with the bytes, the rate
   * and the file. Default: not called.
   */
  onProgress?: (progress: LoadProgress) => void;
  /** Whether to load the model into memory, too. Default false. */
  load?: boolean;
}

/** Where a model is, and with `load` what `models.load` returns. */
export interface EnsureResult extends ModelDownloadResult {
  /** The loaded model; undefined without `load`. */
  loaded?: ModelLoadResult;
}

/** Options of `models.unload`. */
export interface UnloadOptions extends CallOptions {
  /**
   * Whether to wait while the model speaks. Default false: the call rejects with an error of the type
   * `modelInUse`.
   */
  wait?: boolean;
}

/** Options of `voices.create`. */
export interface CreateVoiceOptions extends CallOptions {
  /** Called when a stage begins, and repeatedly during a long one. Default: not called. */
  onProgress?: (progress: VoiceProgress) => void;
}

/** Which model to load, and how: the params of the protocol's `model/load`. */
export interface LoadParams extends Omit<ModelLoadParams, "workDoneToken"> {}

/** A recording whose voice is cloned: give either `path` or `audio`. */
export interface ReferenceInput extends Omit<Reference, "audio"> {
  /**
   * Either this or `path`: the content of an audio file, as bytes, in base64, or as a `data:` URI.
   */
  audio?: Uint8Array | string;
}

/** What to speak, and how: the params of the protocol's `speech/synthesize`. */
export interface SpeechParams
  extends Omit<
    SynthesizeParams,
    "partialResultToken" | "moreText" | "textTimeoutMs" | "reference" | "creditMs"
  > {
  /** A recording whose voice is cloned. Default: none. */
  reference?: ReferenceInput;
  /**
   * Milliseconds of audio that may wait to be read. Beyond that, this speech pauses in the sidecar, and
   * others go on; reading it lets it continue. Default: no limit of its own, only `highWaterMark`.
   */
  creditMs?: number;
}

/** How to speak a text that is still being written. */
export interface LiveSpeechParams extends Omit<SpeechParams, "text" | "splitSentences"> {
  /**
   * Milliseconds to wait for more of the text before the speech ends with an error of the type
   * `textTimeout`. Default 60000.
   */
  textTimeoutMs?: number;
}

/** What to create a voice from, either `reference` or `design`: the params of `voice/create`. */
export interface VoiceParams extends Omit<VoiceCreateParams, "workDoneToken" | "reference"> {
  /** A recording of the voice. Default: none. */
  reference?: ReferenceInput;
}

/** How the sidecar's process ended. */
export interface ExitEvent {
  /** The process's exit code; null if a signal ended it. */
  exitCode: number | null;
  /** The signal that ended the process, e.g. `"SIGKILL"`; null if there was none. */
  signal: string | null;
  /** The last lines that the process wrote to stderr. */
  stderr: string;
  /** Whether it will be started again: not after `close()`, and not after too many crashes. */
  willRestart: boolean;
  /** What pending calls reject with: why the process ended, or that the sidecar was closed. */
  error: SidecarError;
}

/** The sidecar's process was started again. */
export interface RestartEvent {
  /** Process id of the new process. */
  pid: number;
  /** Number of restarts so far. */
  restarts: number;
}

/** A stage of loading a model. */
export type ModelProgressEvent = LoadProgress & {
  /** The model, as the call named it; absent if it named none and loads the default model. */
  model?: string;
};

/** What `sidecar.on` can listen to. */
export interface SidecarEvents {
  /** The process ended, by itself or by `close()`. */
  exit: ExitEvent;
  /** The process was started again and takes calls. Nothing but `ensureModel` is sent a second time. */
  restart: RestartEvent;
  /** A line of the process's stderr, without its line break. */
  log: string;
  /** A model of `models.load` or `ensureModel` has reached a new stage, or more of it has arrived. */
  progress: ModelProgressEvent;
}
