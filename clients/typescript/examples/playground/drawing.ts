/** A cleared canvas at the screen's resolution, and the colours of the page. */
export interface Drawing {
  context: CanvasRenderingContext2D;
  width: number;
  height: number;
  colour: (name: string) => string;
}

export function openCanvas(canvas: HTMLCanvasElement): Drawing {
  const { clientWidth: width, clientHeight: height } = canvas;
  const ratio = devicePixelRatio;
  const [columns, rows] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== columns || canvas.height !== rows) [canvas.width, canvas.height] = [columns, rows];
  const context = canvas.getContext("2d") as CanvasRenderingContext2D;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height, colour: (name) => resolve(canvas, name) };
}

/** Return a computed colour, because a canvas supports neither CSS variables nor `light-dark()`. */
function resolve(canvas: HTMLCanvasElement, name: string): string {
  canvas.style.color = `var(${name})`;
  return getComputedStyle(canvas).color;
}

/** Fill a rectangle with round corners. */
export function block({ context }: Drawing, x: number, y: number, width: number, height: number, colour: string): void {
  context.fillStyle = colour;
  context.beginPath();
  context.roundRect(x, y, Math.max(1, width), height, Math.min(2, Math.max(1, width) / 2));
  context.fill();
}

export function line(
  { context }: Drawing,
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
