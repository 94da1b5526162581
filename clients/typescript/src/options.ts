import type { RestartPolicy } from "./backoff.js";
import type { SidecarError } from "./errors.js";
import type {
  LoadProgress,
  Reference,
  SynthesizeParams,
  VoiceCreateParams,
  VoiceProgress,
} from "./protocol.gen.js";

export interface SidecarOptions {
  /**
   * The sidecar: a program, a command line, or its words. In a command line blanks separate, quotes
   * hold together, and a backslash takes the next character as it is. Default: `QWEN_TTS_SIDECAR`, a
   * `.venv` in `cwd` or above it, then `qwen-tts-sidecar` on the PATH, then `python3 -m sidecar` if
   * that is this sidecar.
   */
  command?: string | readonly string[];
  /** Put behind the command, e.g. `["--model", "0.6b-customvoice"]`. */
  args?: readonly string[];
  /** Added to this process's environment; `undefined` removes a variable. */
  env?: Record<string, string | undefined>;
  /** Working directory of the sidecar. Relative models and references count from there. */
  cwd?: string;
  /** Called with each line of the sidecar's stderr. */
  onLog?: (line: string) => void;
  /** Start it again when it crashes. Default true: with back-off, at most 5 crashes in 3 minutes. */
  restart?: boolean | RestartPolicy;
  /** Audio that may wait in memory to be read, over all streams. Default 64 MiB. */
  highWaterMark?: number;
  /** How long the first answer may take. Default a minute. */
  startTimeoutMs?: number;
  /**
   * How long a running sidecar may say nothing, not even to a ping, before it is killed and started
   * again: it lives, but hears nothing. Default a minute; 0 is for ever.
   */
  silenceTimeoutMs?: number;
  /** How this program names itself to the sidecar. */
  clientInfo?: { name: string; version?: string };
}

export interface CallOptions {
  signal?: AbortSignal;
}

export interface LoadOptions extends CallOptions {
  onProgress?: (progress: LoadProgress) => void;
}

export interface CreateVoiceOptions extends CallOptions {
  onProgress?: (progress: VoiceProgress) => void;
}

/** A recording to clone: a file's path, or its bytes. */
export type ReferenceInput = Omit<Reference, "audio"> & { audio?: Uint8Array | string | null };

type FromTheClient = "partialResultToken" | "textStream" | "textTimeoutMs" | "reference";

/** The params of `speech/synthesize`; a reference's audio may be bytes. */
export interface SpeechParams extends Omit<SynthesizeParams, FromTheClient> {
  reference?: ReferenceInput | null;
}

/** Those of a text that is still being written. */
export interface LiveSpeechParams extends Omit<SpeechParams, "text" | "splitSentences"> {
  /** How long the text may stand still before that is an error. Default 60000. */
  textTimeoutMs?: number | null;
}

/** The params of `voice/create`; a reference's audio may be bytes. */
export interface VoiceParams extends Omit<VoiceCreateParams, "workDoneToken" | "reference"> {
  reference?: ReferenceInput | null;
}

export interface ExitEvent {
  exitCode: number | null;
  signal: string | null;
  /** The last lines of stderr. */
  stderr: string;
  /** False when it was closed, and when it has crashed too often. */
  willRestart: boolean;
  /** What the calls that were pending were told: why it ended. After `close()`, that it was closed. */
  error: SidecarError;
}

export interface RestartEvent {
  /** Of the new process. */
  pid: number;
  /** How often it was started again, so far. */
  restarts: number;
}

export interface SidecarEvents {
  /** The process ended, however. */
  exit: ExitEvent;
  /** It runs again, and takes calls. Nothing is sent again by itself. */
  restart: RestartEvent;
  /** A line of its stderr. */
  log: string;
  /** A stage of a model that is loaded by `models.load`; `model` is absent for the default model. */
  progress: LoadProgress & { model?: string };
}
