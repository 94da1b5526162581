// Requests as bytes on a connection, to the example server in Bun and the README's server in Node: every request is
// answered, and only the Host header determines the host.

import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, before, describe, it } from "node:test";
import { startServer } from "./server.js";
import { within } from "./support.js";

interface Answer {
  status: number;
  headers: Headers;
  body: string;
}

/** Send a request, and when all of it is written read until the server closes, or has answered with a length. */
function exchange(port: number, head: string, body = ""): Promise<Answer> {
  const answer = new Promise<string>((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(`${head}\r\n\r\n${body}`, () => socket.resume()));
    let text = "";
    const isWhole = () => {
      const [top = "", body = ""] = text.split("\r\n\r\n", 2);
      const length = /^content-length: (\d+)/im.exec(top)?.[1];
      return text.includes("\r\n\r\n") && (length === undefined ? false : body.length >= Number(length));
    };
    socket.setEncoding("latin1");
    socket.on("data", (data) => {
      text += data;
      if (isWhole()) socket.destroy();
    });
    socket.pause();
    socket.on("error", reject);
    socket.on("close", () => resolve(text));
  });
  return within(30_000, `the answer to ${JSON.stringify(head)}`, answer.then(parse));
}

function parse(text: string): Answer {
  const [head = "", body = ""] = text.split("\r\n\r\n", 2);
  const [first = "", ...lines] = head.split("\r\n");
  const pairs = lines.map((line) => line.split(/:\s*/, 2) as [string, string]);
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(first)?.[1] ?? 0), headers: new Headers(pairs), body };
}

/** The head of a request that closes its connection. */
const request = (line: string, ...headers: string[]) =>
  [`${line} HTTP/1.1`, ...headers, "Connection: close"].join("\r\n");

for (const runtime of ["node", "bun"] as const) {
  describe(`the server in ${runtime}`, () => {
    let server: Awaited<ReturnType<typeof startServer>>;
    let port: number;

    before(async () => {
      const env = { ALLOWED_HOSTS: "host.docker.internal,box.local", UNSUPPORTED_INSTRUCTIONS: "ignore" };
      server = await startServer(env, runtime);
      port = Number(new URL(server.url).port);
    });

    after(() => server?.stop());

    it("does not let the request target choose the host that an origin is compared with", async () => {
      for (const path of ["//evil.example/v1/models/tiny-voice", "http://evil.example/v1/models/tiny-voice"]) {
        for (const method of ["POST", "GET", "OPTIONS"]) {
          const head = request(`${method} ${path}`, `Host: 127.0.0.1:${port}`, "Origin: http://evil.example");
          const { status, body } = await exchange(port, head);
          assert.ok(status === 403 || status === 400, `${method} ${path}: ${status} ${body}`);
        }
      }
      const { data } = await (await fetch(`${server.url}/v1/models`)).json();
      assert.equal(data[0].state, "bundled");
    });

    it("answers every request that cannot be understood", async () => {
      const cases: [string, number[]][] = [
        [request("TRACE /v1/models", "Host: localhost"), [405]],
        [request("GET /health", "Host: a b"), [400]],
        [request("GET /health", "Host: ["), [400]],
        [request("GET /health", "Host:"), [400]],
        [request("GET /health", "Host: localhost/x"), [400]],
        [request("GET /health", "Host: localhost", "Host: evil.example"), [400]],
        [request("GET //", "Host: localhost"), [400]],
        [request("GET ///v1/models", "Host: localhost"), [400]],
        // Bun itself extracts the path.
        [request("GET http://[/v1/models", "Host: localhost"), runtime === "bun" ? [200] : [400]],
        [request("OPTIONS *", "Host: localhost"), [400]],
        [request("GET /v1/models/%", "Host: localhost"), [404]],
        ["NONSENSE", [400]],
      ];
      for (const [head, expected] of cases) {
        const { status } = await exchange(port, head);
        assert.ok(expected.includes(status), `${JSON.stringify(head)}: ${status}`);
      }
    });

    it("answers before the end of an unwanted body, and reads the rest", async () => {
      const body = "x".repeat(20 * 1024 * 1024);
      const post = (path: string, ...headers: string[]) =>
        [`POST ${path} HTTP/1.1`, "Host: localhost", `Content-Length: ${body.length}`, ...headers].join("\r\n");
      const cases: [string, number][] = [
        [post("/v1/audio/speech", "Content-Type: application/json"), 413],
        [post("/v1/audio/speech", "Origin: http://evil.example"), 403],
        [post("/v1/audio/voices"), 405],
        [post("/v1/nothing"), 404],
      ];
      for (const [head, expected] of cases) assert.equal((await exchange(port, head, body)).status, expected, head);
    });

    it("refuses other names in OpenAI's form, and accepts the configured ones", async () => {
      const get = (host: string) => exchange(port, request("GET /health", `Host: ${host}`));
      for (const host of ["localhost", `127.0.0.1:${port}`, "localhost:", "[::1]:1", "host.docker.internal:8787", "box.local"]) {
        assert.equal((await get(host)).status, 200, host);
      }
      const { status, headers, body } = await get("evil.example");
      assert.deepEqual([status, headers.get("content-type")], [403, "application/json"]);
      assert.match(JSON.parse(body).error.message, /"evil\.example".*ALLOWED_HOSTS/);
    });

    it("accepts HTTP/1.0 without a host, and an absolute URL of its own", async () => {
      assert.equal((await exchange(port, "GET /health HTTP/1.0")).status, 200);
      const { status } = await exchange(port, request("GET http://localhost/health", "Host: localhost"));
      assert.equal(status, 200);
    });

    it("sends the length of its JSON, also for HEAD, and an id with each response", async () => {
      const get = await exchange(port, request("GET /v1/models", "Host: localhost"));
      assert.equal(get.headers.get("content-length"), String(get.body.length));
      const head = await fetch(`${server.url}/v1/models`, { method: "HEAD", headers: { "x-request-id": "mine" } });
      assert.equal(head.headers.get("content-length"), String(get.body.length));
      assert.equal(head.headers.get("x-request-id"), "mine");
      const refused = await exchange(port, request("TRACE /v1/models", "Host: localhost", "X-Request-Id: theirs"));
      assert.equal(refused.headers.get("x-request-id"), "theirs");
      assert.match(refused.headers.get("allow") ?? "", /GET, HEAD/);
    });

    it("speaks without instructions that the voice cannot follow", async () => {
      const response = await fetch(`${server.url}//v1/audio/speech`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ model: "tts-1-hd", voice: "shimmer", input: "Hi.", instructions: "Sadly." }),
      });
      assert.deepEqual([response.status, response.headers.get("x-ignored-parameters")], [200, "instructions"]);
      assert.ok((await response.arrayBuffer()).byteLength > 1000);
    });
  });
}

describe("the example server under bun --hot", () => {
  it("starts the sidecar again after a start that failed", async () => {
    const server = await startServer({}, "bunAgain");
    try {
      assert.equal((await server.health()).streams, 0);
    } finally {
      await server.stop();
    }
  });
});
