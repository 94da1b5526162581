// Web pages of other origins in Chromium: some may use the server, and the others must not reach the engine.

import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, it } from "node:test";
import puppeteer, { type Browser, type Page } from "puppeteer-core";
import type { Sidecar } from "qwen-tts-sidecar";
import { openaiHandler, toNodeListener, type SpeechEngine } from "qwen-tts-sidecar/openai";
import { CHROMIUM } from "./chromium.js";
import { sidecar } from "./support.js";

const servers: Server[] = [];
/** All calls that reached the engine. */
const calls: string[] = [];
let browser: Browser;
let allowed: Page;
let refused: Page;
let door: string;

async function listen(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

/** The sidecar, with a record of each call. */
function recording(tts: Sidecar): SpeechEngine {
  const noted = <T extends object>(target: T, prefix: string): T =>
    new Proxy(target, {
      get: (_, name) => {
        const value = Reflect.get(target, name, target);
        if (typeof value === "object" && value !== null) return noted(value, `${prefix}${String(name)}.`);
        if (typeof value !== "function") return value;
        return (...given: unknown[]) => {
          calls.push(`${prefix}${String(name)}`);
          return value.apply(target, given);
        };
      },
    });
  return noted(tts, "");
}

const blank = () =>
  createServer((_, response) => response.setHeader("content-type", "text/html").end("<title>A page</title>"));

before(async () => {
  const pages = [await listen(blank()), await listen(blank())];
  const origins = [`http://localhost:${pages[0]}`];
  const handler = openaiHandler(recording(await sidecar()), { origins, apiKey: "secret" });
  door = `http://127.0.0.1:${await listen(createServer(toNodeListener(handler)))}`;
  const open = `http://127.0.0.1:${await listen(createServer(toNodeListener(openaiHandler(recording(await sidecar()), { origins }))))}`;
  browser = await puppeteer.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
  allowed = await browser.newPage();
  await allowed.goto(origins[0]!);
  refused = await browser.newPage();
  await refused.goto(`http://127.0.0.1:${pages[1]}`);
  await allowed.evaluate(`globalThis.door = "${door}"`);
  // Without a key, so that only the origin keeps this page out.
  await refused.evaluate(`globalThis.door = "${open}"`);
});

after(async () => {
  await browser?.close();
  for (const server of servers) server.close();
});

/** Fetch in a page, and return what it may read, or the error. */
const fetchIn = (page: Page, path: string, init: object): Promise<any> =>
  page.evaluate(`(async () => {
    try {
      const response = await fetch(door + ${path}, ${JSON.stringify(init)});
      const { status, type, headers } = response;
      const body = type === "opaque" ? "" : await response.text();
      return { status, type, id: headers.get("x-request-id"), length: body.length, body };
    } catch (error) {
      return String(error);
    }
  })()`);

const speak = (model: string) => ({
  method: "POST",
  headers: { "content-type": "application/json", authorization: "Bearer secret", "x-stainless-lang": "js" },
  body: JSON.stringify({ model, voice: "alloy", input: "Hi." }),
});

it("a page of a listed origin lists, speaks, and reads errors", async () => {
  const listed = await fetchIn(allowed, '"/v1/audio/voices"', { headers: { authorization: "Bearer secret" } });
  assert.equal(listed.status, 200);
  assert.match(listed.body, /"id":"slt"/);
  assert.match(listed.id, /^req_/);
  const spoken = await fetchIn(allowed, '"/v1/audio/speech"', speak("tts-1"));
  assert.ok(spoken.status === 200 && spoken.length > 1000, JSON.stringify(spoken));
  const unknown = await fetchIn(allowed, '"/v1/audio/speech"', speak("nonesuch"));
  assert.equal(unknown.status, 404);
  assert.match(unknown.body, /model_not_found/);
  const without = await fetchIn(allowed, '"/v1/models"', {});
  assert.equal(without.status, 401);
  assert.match(without.body, /invalid_api_key/);
  const deleted = await fetchIn(allowed, '"/v1/models/tts-1"', {
    method: "DELETE",
    headers: { authorization: "Bearer secret" },
  });
  assert.equal(deleted.status, 200);
});

it("a page of another origin reads nothing, and reaches nothing", async () => {
  calls.length = 0;
  const attacks: [string, object][] = [
    ['"/v1/audio/voices"', {}],
    ['"/v1/audio/speech"', speak("tts-1")],
    ['"/v1/models/big"', { method: "DELETE" }],
    ['"/v1/models/big"', { method: "POST" }],
    ['"/health"', {}],
  ];
  for (const [path, init] of attacks) {
    assert.equal(await fetchIn(refused, path, init), "TypeError: Failed to fetch", path);
  }
  // Without CORS, the request is sent, but the response is hidden from the page.
  const blind: [string, object][] = [
    ['"/v1/models/big"', { method: "POST" }],
    ['"//" + location.host + "/v1/models/big"', { method: "POST" }],
    ['"//" + location.host + "//v1/models/big"', { method: "POST" }],
    ['"//v1/models/big"', { method: "POST" }],
    ['"/v1/audio/speech"', { method: "POST", body: '{"model":"tts-1","voice":"alloy","input":"Hi."}' }],
    ['"/v1/models"', {}],
    ['"//" + location.host + "/v1/models"', {}],
  ];
  for (const [path, init] of blind) {
    assert.equal((await fetchIn(refused, path, { ...init, mode: "no-cors" })).type, "opaque", path);
  }
  // An image, a form and a frame have no origin, or one that is not listed.
  await refused.evaluate(`new Promise((resolve) => {
    const image = new Image();
    image.onerror = resolve;
    image.src = door + "/v1/models/big";
  })`);
  await refused.evaluate(`new Promise((resolve) => {
    const frame = Object.assign(document.createElement("iframe"), { name: "there" });
    const form = Object.assign(document.createElement("form"), {
      method: "POST", target: "there", action: door + "//" + location.host + "/v1/models/big",
    });
    document.body.append(frame, form);
    frame.onload = resolve;
    form.submit();
  })`);
  assert.deepEqual(calls, []);
});
