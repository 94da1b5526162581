import type { Playback } from "./playback.js";

export interface Run {
  /** `performance.now()` when speech was requested. */
  startedAt: number;
  playback: Playback;
  chunks: { arrivedAt: number; offset: number; length: number }[];
  /** The loudest sample of each bucket. */
  peaks: number[];
  samples: number;
  played: number;
}

export const BUCKET = 120; // samples: 5 ms
const RATE = 24_000;
const EDGE = 8;

/** Return the cleared canvas at the screen's resolution. */
function open(canvas: HTMLCanvasElement) {
  const { clientWidth: width, clientHeight: height } = canvas;
  const ratio = devicePixelRatio;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  const context = canvas.getContext("2d") as CanvasRenderingContext2D;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width: width - 2 * EDGE, height, colour: (name: string) => resolve(canvas, name) };
}

/** Return a computed colour, because a canvas supports neither CSS variables nor `light-dark()`. */
function resolve(canvas: HTMLCanvasElement, name: string): string {
  canvas.style.color = `var(${name})`;
  return getComputedStyle(canvas).color;
}

export function drawWaveform(canvas: HTMLCanvasElement, run: Run): void {
  const { context, width, height, colour } = open(canvas);
  const middle = height / 2;
  const columns = Math.floor(width / 3);
  const perColumn = Math.max(1, run.peaks.length / columns, RATE / BUCKET / columns);
  const playhead = run.played / BUCKET / perColumn;
  const [before, after] = [colour("--played"), colour("--line")];
  for (let column = 0; column * perColumn < run.peaks.length; column++) {
    const part = run.peaks.slice(Math.floor(column * perColumn), Math.ceil((column + 1) * perColumn));
    const half = Math.max(1, Math.min(1, Math.max(...part) * 1.6) * (middle - 6));
    context.fillStyle = column < playhead ? before : after;
    context.fillRect(EDGE + column * 3, middle - half, 2, 2 * half);
  }
  if (run.peaks.length === 0) line(context, EDGE, middle, EDGE + width, middle, after);
}

export function drawTimeline(canvas: HTMLCanvasElement, run: Run, now: number): void {
  const { context, width, height, colour } = open(canvas);
  const end = Math.max(1000, lastMoment(run, now) - run.startedAt);
  const x = (time: number) => EDGE + (Math.max(0, time - run.startedAt) / end) * width;
  const lane = (height - 24) / 2 - 8;
  grid(context, end, width, height, colour("--line"), colour("--quiet"));
  let before = run.startedAt;
  for (const { arrivedAt, offset, length } of run.chunks) {
    block(context, x(before), x(arrivedAt), 6, lane, colour("--arrived"));
    before = arrivedAt;
    if (!isPlaying(run)) continue;
    for (const { fromMs, toMs, isPlayed } of run.playback.spans(offset, offset + length)) {
      context.globalAlpha = isPlayed ? 1 : 0.3;
      block(context, x(fromMs), x(toMs), lane + 12, lane, colour("--played"));
    }
    context.globalAlpha = 1;
  }
  if (!isPlaying(run)) return;
  const head = x(run.playback.now);
  line(context, head, 2, head, height - 20, colour("--ink"));
}

const isPlaying = ({ playback }: Run) => playback.startedAt < Infinity;

function lastMoment(run: Run, now: number): number {
  const arrived = run.chunks.at(-1)?.arrivedAt ?? now;
  if (!isPlaying(run)) return arrived;
  return Math.max(arrived, run.playback.now, run.playback.spans(0, run.samples).at(-1)?.toMs ?? 0);
}

function block(
  context: CanvasRenderingContext2D,
  from: number,
  to: number,
  top: number,
  height: number,
  colour: string,
): void {
  context.fillStyle = colour;
  context.beginPath();
  context.roundRect(from + 0.5, top, Math.max(1, to - from - 1), height, 2);
  context.fill();
}

/** Draw a line each second, or as many as have room for their labels. */
function grid(
  context: CanvasRenderingContext2D,
  endMs: number,
  width: number,
  height: number,
  colour: string,
  ink: string,
): void {
  const step = [0.2, 0.5, 1, 2, 5, 10, 30, 60].find((s) => (s * 1000 * width) / endMs > 48) ?? 120;
  context.font = "11px system-ui, sans-serif";
  for (let second = 0; second * 1000 <= endMs; second += step) {
    const x = EDGE + (second * 1000 * width) / endMs;
    line(context, x, 4, x, height - 18, colour);
    const label = `${Number(second.toFixed(1))} s`;
    context.fillStyle = ink;
    context.fillText(label, Math.min(x, EDGE + width - context.measureText(label).width), height - 5);
  }
}

function line(
  context: CanvasRenderingContext2D,
  x1: number,
  y1: number,
  x2: number,
  y2: number,
  colour: string,
): void {
  context.strokeStyle = colour;
  context.beginPath();
  context.moveTo(x1, y1);
  context.lineTo(x2, y2);
  context.stroke();
}
