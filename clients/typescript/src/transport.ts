import type { SidecarError } from "./errors.js";
import type { AudioProgress } from "./protocol.gen.js";

/** How the other side of a conversation ended. */
export interface Ended {
  exitCode: number | null;
  signal: string | null;
  /** The last lines of stderr. */
  stderr: string;
  /** Why it ended, if the exit code and the signal do not say. */
  error?: SidecarError;
}

/** A chunk of audio that came as bytes. */
export type AudioChunk = Omit<AudioProgress, "audio"> & { audio: Uint8Array<ArrayBuffer> };

/** Takes what a transport receives. */
export interface Receiver {
  /** Handles one JSON-RPC message. */
  onMessage(json: string): void;
  /** Handles a chunk of audio that did not come as JSON. */
  onAudio(token: number, chunk: AudioChunk): void;
  /** Handles a line of the other side's log. */
  onLine(line: string): void;
  /** Handles that the other side can no longer be used, though it may not have ended yet. */
  onLost(error: SidecarError): void;
}

/** Carries the messages of one conversation: a process's pipes, or a WebSocket. */
export interface Transport {
  /** The process at the other end; undefined if it is not a child of this one. */
  readonly pid: number | undefined;
  readonly exited: Promise<Ended>;
  /** The last lines of the other side's log. */
  readonly stderr: string;
  /** Send a message of so many bytes. It never waits; after the end it does nothing. */
  write(json: string, bytes: number): void;
  /** Stop or resume receiving, so that the other side has to wait. */
  pauseOutput(paused: boolean): void;
  /** Say that nothing more will be sent, and receive what is left. */
  endInput(): void;
  kill(): void;
}

/** Opens the conversations of a client: the first one, and one after each crash. */
export interface Connector {
  /** What is at the other end, for messages of errors. */
  readonly name: string;
  /** The process that the sidecar must not outlive. */
  readonly processId?: number;
  /** The credit of streams that name none; required where a sender cannot see that nobody reads. */
  readonly creditMs?: number;
  open(receiver: Receiver): Promise<Transport>;
}
