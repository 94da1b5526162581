import { SidecarProtocolError } from "./errors.js";
import type { AudioChunk } from "./transport.js";

/** Bytes of the header of a binary message. Later versions may have a longer one. */
const HEADER_BYTES = 28;
const AUDIO = 1;

/**
 * Read a binary message of a WebSocket, as protocol/websocket.md describes it. Return `undefined` for a kind that this
 * version does not know.
 *
 * @throws SidecarProtocolError if it is shorter than its header
 */
export function decodeAudio(message: ArrayBuffer): { token: number; chunk: AudioChunk } | undefined {
  const view = new DataView(message);
  if (view.byteLength > 0 && view.getUint8(0) !== AUDIO) return undefined;
  const start = view.byteLength < HEADER_BYTES ? Infinity : view.getUint8(1);
  if (start > view.byteLength) {
    throw new SidecarProtocolError(`A binary message of ${view.byteLength} bytes has no whole header.`);
  }
  const field = (at: number) => view.getUint32(at, true);
  const chunk = {
    kind: "audio",
    seq: field(8),
    audio: new Uint8Array(message.slice(start)),
    samples: field(12),
    frames: field(16),
    sentence: field(20),
    sampleRate: field(24),
  } as const;
  return { token: field(4), chunk };
}
