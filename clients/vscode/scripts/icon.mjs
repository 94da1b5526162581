// Draws media/icon.png: a page whose lines become sound. `npm run icon`; the result is committed.

import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { deflateSync } from "node:zlib";

const SIZE = 256;
const GROUND = [29, 111, 104];
const PAPER = [246, 245, 242];
const HEARD = [240, 163, 94];
/** Bars: x and half the height, in shares of the size. The three in the middle are heard. */
const BARS = [0.2, 0.29, 0.38, 0.47, 0.56, 0.65, 0.74].map((x, i) => ({
  x: x + 0.03,
  half: [0.07, 0.16, 0.26, 0.33, 0.24, 0.14, 0.08][i],
  colour: i >= 2 && i <= 4 ? HEARD : PAPER,
}));

/** Distance to a segment with round ends, or to a rectangle with round corners; negative inside. */
const capsule = (x, y, bar) => Math.hypot(x - bar.x, Math.max(0, Math.abs(y - 0.5) - bar.half)) - 0.026;
function ground(x, y) {
  const [dx, dy] = [Math.abs(x - 0.5) - 0.28, Math.abs(y - 0.5) - 0.28];
  return Math.hypot(Math.max(dx, 0), Math.max(dy, 0)) + Math.min(Math.max(dx, dy), 0) - 0.2;
}
const covered = (distance) => Math.min(1, Math.max(0, 0.5 - distance * SIZE));
const mix = (a, b, share) => a.map((value, i) => value + (b[i] - value) * share);

const rows = Buffer.alloc(SIZE * (1 + 4 * SIZE));
for (let row = 0; row < SIZE; row++) {
  for (let column = 0; column < SIZE; column++) {
    const [x, y] = [(column + 0.5) / SIZE, (row + 0.5) / SIZE];
    const colour = BARS.reduce((below, bar) => mix(below, bar.colour, covered(capsule(x, y, bar))), GROUND);
    rows.set(
      [...colour.map(Math.round), Math.round(255 * covered(ground(x, y)))],
      row * (1 + 4 * SIZE) + 1 + 4 * column,
    );
  }
}

const TABLE = Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; bit++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n >>> 0;
});
const crc = (bytes) =>
  (bytes.reduce((sum, byte) => TABLE[(sum ^ byte) & 255] ^ (sum >>> 8), 0xffffffff) ^ 0xffffffff) >>> 0;

function chunk(type, content) {
  const body = Buffer.concat([Buffer.from(type), content]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(content.length);
  sum.writeUInt32BE(crc(body));
  return Buffer.concat([length, body, sum]);
}

const header = Buffer.alloc(13);
header.writeUInt32BE(SIZE, 0);
header.writeUInt32BE(SIZE, 4);
header.set([8, 6], 8); // eight bits for each of red, green, blue and opacity
const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const png = [
  signature,
  chunk("IHDR", header),
  chunk("IDAT", deflateSync(rows, { level: 9 })),
  chunk("IEND", Buffer.alloc(0)),
];
writeFileSync(join(dirname(fileURLToPath(import.meta.url)), "..", "media", "icon.png"), Buffer.concat(png));
