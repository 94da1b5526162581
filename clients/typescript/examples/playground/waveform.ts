import { block, openCanvas } from "./drawing.js";
import { BUCKET, type Take } from "./take.js";

const PITCH = 4; // pixels from one bar to the next

/** Draw the waveform with what was played in the accent's colour. */
export function drawWaveform(canvas: HTMLCanvasElement, take: Take | undefined, position: number): void {
  const drawing = openCanvas(canvas);
  const { width, height, colour } = drawing;
  const middle = height / 2;
  const bars = Math.max(1, Math.floor(width / PITCH));
  const [before, after] = [colour("--accent"), colour("--line-strong")];
  const { peaks, sampleRate } = take ?? { peaks: [], sampleRate: 24_000 };
  // A short speech does not fill the width until two seconds have come.
  const perBar = Math.max(peaks.length, (2 * sampleRate) / BUCKET) / bars;
  const played = position / BUCKET / perBar;
  for (let bar = 0; bar < bars; bar++) {
    const part = peaks.slice(Math.floor(bar * perBar), Math.ceil((bar + 1) * perBar));
    const half = part.length > 0 ? Math.max(1.5, Math.min(1, Math.max(...part) * 1.7) * (middle - 3)) : 1;
    block(drawing, bar * PITCH, middle - half, PITCH - 1.5, 2 * half, bar < played && take ? before : after);
  }
}

/** Return the sample at a part (from 0 to 1) of the waveform's width. */
export const sampleAt = ({ samples, sampleRate }: Take, part: number) =>
  Math.round(part * Math.max(samples, 2 * sampleRate));
