// Access: the names of this server, the origins of web pages, the key.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openaiHandler, type OpenAIOptions } from "qwen-tts-sidecar/openai";
import { ask, refusal } from "./asking.js";
import { RecordingEngine } from "./engine.js";

const PAGE = "https://page.example";
const WRONG_HOST = [403, "invalid_request_error", null, "wrong_host"];
const WRONG_ORIGIN = [403, "invalid_request_error", null, "wrong_origin"];

/** Request the load of a model, which must not happen if the request is refused. */
async function load(headers: Record<string, string>, options?: OpenAIOptions, method = "POST") {
  const recording = new RecordingEngine();
  recording.loadsAtOnce = true;
  const response = await ask("/v1/models/big", undefined, options, { method, headers }, recording.engine);
  return { response, calls: recording.calls };
}

describe("the name of the server", () => {
  it("is this machine's, or one of the option hosts", async () => {
    const hosts = ["host.docker.internal", "192.168.1.20", "fd00::1"];
    const good = [
      "localhost",
      "localhost:8787",
      "LocalHost:1",
      "localhost:",
      "[::1]:",
      "127.0.0.1:8787",
      "[::1]",
      "[::1]:8787",
      "host.docker.internal:8787",
      "HOST.docker.internal",
      "192.168.1.20:80",
      "[fd00::1]:8787",
    ];
    for (const host of good) {
      assert.equal((await ask("/health", undefined, { hosts }, { headers: { host } })).status, 200, host);
    }
  });

  it("is no other name, whatever the page's origin and the route", async () => {
    for (const host of ["evil.example:8792", "localhost.evil.example", "127.0.0.1.evil.example", "127.0.0.2", "10.0.0.1"]) {
      const { response, calls } = await load({ host, origin: `http://${host}` });
      const { error } = (await response.clone().json()) as { error: { message: string } };
      assert.match(error.message, /hosts/);
      assert.deepEqual([await refusal(response), calls], [WRONG_HOST, []], host);
      assert.deepEqual(await refusal(await ask("/health", undefined, {}, { headers: { host } })), WRONG_HOST, host);
    }
  });

  it("is a host name, and nothing that could be parsed as anything else", async () => {
    for (const host of ["a b", "[", "localhost/x", "localhost?", "evil.example@localhost", "localhost:x", "x:1:2"]) {
      const { response, calls } = await load({ host });
      assert.deepEqual([await refusal(response), calls], [[400, "invalid_request_error", null, null], []], host);
    }
  });

  it("is the URL's if there is no Host header", async () => {
    const handler = openaiHandler(new RecordingEngine().engine);
    assert.equal((await handler(new Request("http://[::1]:8787/health"))).status, 200);
    assert.deepEqual(await refusal(await handler(new Request("http://evil.example/health"))), WRONG_HOST);
  });

  it("is not accepted as an option that could never match", () => {
    const { engine } = new RecordingEngine();
    for (const host of ["localhost:8787", "http://localhost", "*", "", "a/b", "a b"]) {
      assert.throws(() => openaiHandler(engine, { hosts: [host] }), TypeError, host);
    }
    for (const origin of ["*", "example.org", "https://example.org/path", "https://", ""]) {
      assert.throws(() => openaiHandler(engine, { origins: [origin] }), TypeError, origin);
    }
    const unsupportedInstructions = "maybe" as "ignore";
    assert.throws(() => openaiHandler(engine, { unsupportedInstructions }), TypeError);
  });
});

describe("pages from elsewhere", () => {
  const CORS = ["access-control-allow-origin", "access-control-expose-headers", "vary"];
  const cors = ({ headers }: Response) => CORS.map((name) => headers.get(name));

  it("are refused", async () => {
    for (const origin of [PAGE, "null", "http://localhost:3000", "https://localhost.evil.example", "app://localhost"]) {
      const { response, calls } = await load({ origin });
      assert.deepEqual(cors(response), [null, null, "Origin"]);
      assert.deepEqual([await refusal(response), calls], [WRONG_ORIGIN, []], origin);
    }
    assert.equal((await load({ origin: "http://localhost" })).response.status, 200);
  });

  it("are refused with a message that names the origin, also an empty one", async () => {
    for (const origin of [PAGE, ""]) {
      const { error } = await (await load({ origin })).response.json();
      assert.ok(error.message.startsWith(`Web pages of "${origin}" may not`), error.message);
    }
  });

  it("are also refused if the browser sends no origin", async () => {
    for (const site of ["cross-site", "same-site"]) {
      const { response, calls } = await load({ "sec-fetch-site": site }, {}, "GET");
      assert.deepEqual([await refusal(response), calls], [WRONG_ORIGIN, []], site);
    }
    for (const site of ["same-origin", "none"]) {
      assert.equal((await ask("/health", undefined, {}, { headers: { "sec-fetch-site": site } })).status, 200);
    }
  });

  it("may send requests and read responses, including errors, if their origin is listed", async () => {
    const options = { origins: [`${PAGE}/`, "app://speech", "null", "http://plain.example:80"] };
    for (const origin of [PAGE, "app://speech", "null", "http://plain.example"]) {
      const { response, calls } = await load({ origin }, options);
      assert.deepEqual(calls, ["models.load big"]);
      const exposed = "x-request-id, x-ignored-parameters, retry-after, allow";
      assert.deepEqual(cors(response), [origin, exposed, "Origin"]);
      const headers = { origin };
      for (const path of ["/v2", "/v1/audio/speech"]) {
        const failed = await ask(path, undefined, options, { headers });
        assert.ok(failed.status >= 400 && failed.headers.get("access-control-allow-origin") === origin);
      }
    }
    assert.deepEqual(await refusal((await load({ origin: "https://other.example" }, options)).response), WRONG_ORIGIN);
  });

  it("are accepted in the browser's preflight request", async () => {
    const options = { origins: [PAGE], apiKey: "secret" };
    const preflight = (origin: string, more: Record<string, string> = {}) =>
      ask("/v1/audio/speech", undefined, options, {
        method: "OPTIONS",
        headers: { origin, "access-control-request-method": "POST", ...more },
      });
    const asked = { "access-control-request-headers": "authorization,content-type,x-stainless-lang" };
    const { status, headers } = await preflight(PAGE, asked);
    assert.equal(status, 204);
    assert.deepEqual(Object.fromEntries([...headers].filter(([name]) => !/^x-request|expose/.test(name))), {
      "access-control-allow-headers": "authorization,content-type,x-stainless-lang",
      "access-control-allow-methods": "GET, HEAD, POST, DELETE",
      "access-control-allow-origin": PAGE,
      "access-control-max-age": "600",
      vary: "Access-Control-Request-Headers, Access-Control-Request-Private-Network, Origin",
    });
    const bare = await preflight(PAGE, { "access-control-request-private-network": "true" });
    assert.equal(bare.headers.get("access-control-allow-headers"), "authorization, content-type");
    assert.equal(bare.headers.get("access-control-allow-private-network"), "true");
    const refused = await preflight("https://evil.example", asked);
    assert.equal(refused.headers.get("access-control-allow-origin"), null);
    assert.deepEqual(await refusal(refused), WRONG_ORIGIN);
  });
});

describe("the key", () => {
  it("is required, if there is one, everywhere except for /health", async () => {
    const key = { apiKey: "secret" };
    const get = (authorization: string) => ask("/v1/models", undefined, key, { headers: { authorization } });
    assert.equal((await get("Bearer secret")).status, 200);
    const refused = [401, "invalid_request_error", null, "invalid_api_key"];
    const wrong = await get("Bearer wrong");
    assert.equal(wrong.headers.get("www-authenticate"), "Bearer");
    assert.deepEqual(await refusal(wrong), refused);
    for (const path of ["/v1/models", "/v1/audio/voices", "/v1/audio/models", "/v2"]) {
      assert.deepEqual(await refusal(await ask(path, undefined, key)), refused);
    }
    assert.equal((await ask("/health", undefined, key)).status, 200);
  });
});
