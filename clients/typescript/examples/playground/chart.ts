import { block, type Drawing, line, openCanvas } from "./drawing.js";
import type { Take } from "./take.js";

const EDGE = 1;
const LABELS = 20; // pixels below the lanes

/** Draw when chunks arrived, and below when they were played, with the gaps. */
export function drawChart(canvas: HTMLCanvasElement, take: Take | undefined): void {
  const drawing = openCanvas(canvas);
  const { height, colour } = drawing;
  const width = drawing.width - 2 * EDGE;
  const timeline = take?.timeline;
  const arrivals = timeline?.arrivals ?? [];
  const stretches = timeline?.stretches() ?? [];
  const end = Math.max(1000, arrivals.at(-1)?.at ?? 0, timeline?.playedBy() ?? 0);
  const x = (ms: number) => EDGE + (Math.max(0, ms) / end) * width;
  const lane = (height - LABELS - 6) / 2;
  grid(drawing, end, width);
  let before = 0;
  for (const { at } of arrivals) {
    block(drawing, x(before) + 0.5, 0, x(at) - x(before) - 1, lane, colour("--arrived"));
    before = at;
  }
  const colours = { played: colour("--accent"), gap: colour("--gap"), paused: colour("--line-strong") };
  for (const { kind, from, to } of stretches) {
    const [top, size] = kind === "played" ? [lane + 6, lane] : [lane + 6 + lane / 2 - 3, 6];
    block(drawing, x(from), top, x(to) - x(from), size, colours[kind]);
  }
  const head = stretches.at(-1)?.to;
  if (head !== undefined) line(drawing, x(head), 0, x(head), height - LABELS, colour("--ink"));
}

/** Draw a line each second, or as many as have room for their labels. */
function grid(drawing: Drawing, endMs: number, width: number): void {
  const { context, height, colour } = drawing;
  const step = [0.2, 0.5, 1, 2, 5, 10, 30, 60, 120].find((s) => (s * 1000 * width) / endMs > 48) ?? 300;
  const [rule, ink] = [colour("--line"), colour("--quiet")];
  context.font = "11px system-ui, sans-serif";
  for (let n = 0; n * step * 1000 <= endMs; n++) {
    const x = EDGE + (n * step * 1000 * width) / endMs;
    line(drawing, x, 0, x, height - LABELS + 3, rule);
    const label = `${Number((n * step).toFixed(1))} s`;
    context.fillStyle = ink;
    context.fillText(label, Math.min(x, EDGE + width - context.measureText(label).width), height - 4);
  }
}
