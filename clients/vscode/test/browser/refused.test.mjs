// The built webview in Chromium, where it may not play before a click: in a frame of another origin, as in VS Code, and
// with VS Code's own policy. The client's package has puppeteer; CHROMIUM names the browser.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const puppeteer = createRequire(new URL("../../../typescript/package.json", import.meta.url))("puppeteer-core");
const root = new URL("../../", import.meta.url);
const TIMEOUT = 60_000;
const RATE = 24_000;
const TYPES = { js: "text/javascript", css: "text/css", html: "text/html" };

/**
 * VS Code's side: a page around the frame, with which the tests talk. A script that puppeteer runs in the frame itself counts
 * as a gesture of the person there, and sound would be allowed.
 */
const AROUND = (url) => `<iframe allow="autoplay" src="${url}/page.html"></iframe><script>
  const sent = [];
  addEventListener("message", ({ data }) => sent.push(data));
  const post = (message) => frames[0].postMessage(message, "*");
  /** Post a second of a tone. */
  function tone(take) {
    const pcm = Int16Array.from({ length: ${RATE} }, (_, i) => 9830 * Math.sin((2 * Math.PI * 440 * i) / ${RATE})).buffer;
    post({ kind: "samples", take, pcm });
  }
</script>`;

let browser, page, frame, outer, inner;
const problems = [];

/** Serve files by their names on a port of the loopback. */
async function serve(host, files) {
  const server = createServer((request, response) => {
    const name = request.url.slice(1);
    response.writeHead(name in files ? 200 : 204, { "content-type": TYPES[name.split(".").at(-1)] ?? "text/plain" });
    response.end(files[name]);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, url: `http://${host}:${server.address().port}` };
}

async function pageOf(url) {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("src/page.ts", root))],
    write: false,
    format: "esm",
  });
  const module = await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`);
  const files = { script: `${url}/player.js`, worklet: `${url}/worklet.js`, style: `${url}/player.css` };
  return module.page({ ...files, files: url, nonce: "abc" });
}

const post = (message) => page.evaluate((data) => post(data), message);
const tone = (take) => page.evaluate((number) => tone(number), take);
const until = (expression) => page.waitForFunction(expression, { timeout: TIMEOUT, polling: 50 });
const shows = (expression) => frame.waitForFunction(expression, { timeout: TIMEOUT, polling: 50 });
const sent = (kind) => page.evaluate((wanted) => sent.filter((message) => message.kind === wanted), kind);

before(async () => {
  const built = (name) => readFileSync(new URL(`dist/webview/${name}`, root));
  const files = Object.fromEntries(["player.js", "player.css", "worklet.js"].map((name) => [name, built(name)]));
  inner = await serve("localhost", files);
  files["page.html"] = await pageOf(inner.url);
  outer = await serve("127.0.0.1", { "index.html": AROUND(inner.url) });
  browser = await puppeteer.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--autoplay-policy=user-gesture-required"],
  });
  page = await browser.newPage();
  page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
  page.on("pageerror", (error) => problems.push(String(error)));
  await page.evaluateOnNewDocument(() => {
    globalThis.violations = [];
    addEventListener("securitypolicyviolation", ({ effectiveDirective }) => violations.push(effectiveDirective));
    globalThis.acquireVsCodeApi = () => ({ postMessage: (message) => parent.postMessage(message, "*") });
  });
  await page.goto(`${outer.url}/index.html`);
  frame = await page.waitForFrame((one) => one.url().endsWith("/page.html"));
  await until("sent.some(({ kind }) => kind === 'ready')");
});

after(async () => {
  await browser?.close();
  for (const one of [outer, inner]) one?.server.close();
});

test("sound that Chromium refuses waits for a click on the button, and for no other one after that", async () => {
  await post({ kind: "begin", take: 1 });
  await tone(1);
  await until("sent.some(({ kind, isBlocked }) => kind === 'blocked' && isBlocked)");
  assert.equal(await frame.$eval("#hear", (button) => button.hidden), false);
  await post({ kind: "measure", id: 1 });
  await until("sent.some(({ kind }) => kind === 'measured')");
  const [{ statistics }] = await sent("measured");
  assert.deepEqual([statistics.state, statistics.isBlocked, statistics.played], ["suspended", true, 0]);
  await frame.click("#hear");
  await until(`sent.some(({ position }) => position?.take === 1 && position.played === ${RATE})`);
  assert.deepEqual(
    (await sent("blocked")).map(({ isBlocked }) => isBlocked),
    [true, false],
  );
  assert.equal(await frame.$eval("#hear", (button) => button.hidden), true);
  await post({ kind: "stop" });
  await post({ kind: "begin", take: 2 });
  await tone(2);
  await until(`sent.some(({ position }) => position?.take === 2 && position.played > ${RATE / 2})`);
  await post({ kind: "measure", id: 2 });
  await until("sent.filter(({ kind }) => kind === 'measured').length === 2");
  const { rms } = (await sent("measured"))[1].statistics;
  assert.ok(Math.abs(rms - 0.3 / Math.SQRT2) < 0.02, String(rms));
  await until(`sent.some(({ position }) => position?.take === 2 && position.played === ${RATE})`);
  assert.equal((await sent("blocked")).length, 2);
});

test("the page shows what is read, and its buttons are commands", async () => {
  const shown = {
    status: "speaking",
    sentence: "One <b>two</b>.",
    word: { start: 0, end: 3 },
    voice: "slt",
    speed: 1.5,
  };
  await post({ kind: "show", shown });
  await shows("document.querySelector('mark')?.textContent === 'One'");
  const text = (id) => frame.$eval(id, (element) => element.textContent);
  assert.deepEqual(
    [await text("#sentence"), await text("#status"), await text("#how")],
    ["One <b>two</b>.", "Reading", "slt, 1.5×"],
  );
  for (const id of ["previous", "togglePause", "next", "stop"]) await frame.click(`#${id}`);
  assert.deepEqual(
    (await sent("button")).map(({ button }) => button),
    ["previous", "togglePause", "next", "stop"],
  );
  await post({ kind: "show", shown: { ...shown, status: "idle", sentence: "", word: undefined } });
  await shows("document.getElementById('stop').disabled");
});

test("the policy refuses what is not the extension's, and nothing of the extension", async () => {
  assert.deepEqual([problems, await frame.evaluate("violations")], [[], []]);
  await frame.evaluate((address) => {
    const script = document.createElement("script");
    script.src = `${address}/index.html`;
    document.body.append(script);
    document.body.setAttribute("style", "color: red");
    void fetch(address).catch(() => {});
  }, outer.url);
  await shows("violations.length === 3");
  assert.deepEqual((await frame.evaluate("violations")).sort(), ["connect-src", "script-src-elem", "style-src-attr"]);
});
