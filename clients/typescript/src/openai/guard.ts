import { createHash, timingSafeEqual } from "node:crypto";
import { HttpError } from "./errors.js";
import type { OpenAIOptions } from "./options.js";

const LOOPBACK = ["localhost", "127.0.0.1", "[::1]"];

/** Decides which requests are accepted. Any web page can send requests, though it cannot read the responses. */
export class Guard {
  readonly #hosts: ReadonlySet<string>;
  readonly #origins: ReadonlySet<string>;
  readonly #apiKey: string | undefined;

  /** @throws TypeError if a host or an origin of the options can never match. */
  constructor({ hosts = [], origins = [], apiKey }: OpenAIOptions) {
    this.#hosts = new Set([...LOOPBACK, ...hosts.map(hostName)]);
    this.#origins = new Set(origins.map(originName));
    this.#apiKey = apiKey;
  }

  /**
   * Refuse a request for a host name that is not this server's. A web page whose own host name was made to point to
   * this machine (DNS rebinding) has the same origin as this server, and only that name gives it away.
   *
   * @throws HttpError 403.
   */
  checkHost({ hostname }: URL): void {
    if (this.#hosts.has(hostname)) return;
    throw new HttpError(
      403,
      `This server does not answer to the name ${JSON.stringify(hostname)}. The option hosts (of the example ` +
        "server: the variable ALLOWED_HOSTS) lists the names, besides localhost, that it answers to.",
      "wrong_host",
    );
  }

  /**
   * Refuse requests of web pages from other origins that are not listed.
   *
   * @throws HttpError 403.
   */
  checkOrigin({ headers }: Request, { host }: URL): void {
    const origin = headers.get("origin");
    // If a page only embeds or opens something, the browser sends no `Origin`, but `Sec-Fetch-Site`.
    if (origin === null && !/^(cross|same)-site$/.test(headers.get("sec-fetch-site") ?? "")) return;
    if (origin !== null && (this.allows(origin) || isSameOrigin(origin, host))) return;
    throw new HttpError(
      403,
      `Web pages of ${origin === null ? "another origin" : JSON.stringify(origin)} may not use this server. The ` +
        "option origins (of the example server: the variable ALLOWED_ORIGINS) lists the origins whose pages may.",
      "wrong_origin",
    );
  }

  /** Return whether the pages of an origin may send requests and read the responses. */
  allows(origin: string): boolean {
    return this.#origins.has(origin);
  }

  /** @throws HttpError 401 if there is a key and the request does not have it. */
  checkKey({ headers }: Request): void {
    if (this.#apiKey === undefined) return;
    const given = /^Bearer (.+)$/i.exec(headers.get("authorization") ?? "")?.[1] ?? "";
    // Digests have the same length, so that comparing them reveals nothing about the key.
    const digest = (text: string) => createHash("sha256").update(text).digest();
    if (timingSafeEqual(digest(given), digest(this.#apiKey))) return;
    throw new HttpError(401, "The API key is missing or wrong.", "invalid_api_key", null, {
      "www-authenticate": "Bearer",
    });
  }
}

function isSameOrigin(origin: string, host: string): boolean {
  if (!URL.canParse(origin)) return false;
  const page = new URL(origin);
  return /^https?:$/.test(page.protocol) && page.host === host;
}

function hostName(given: string): string {
  const bracketed = /^[\da-f]*:[\da-f:.]*:[\da-f:.]*$/i.test(given) ? `[${given}]` : given;
  const url = URL.canParse(`http://${bracketed}`) ? new URL(`http://${bracketed}`) : undefined;
  // A port would be part of `host` only, and anything else of neither.
  if (url && /^[^*/?#@]+$/.test(given) && url.href === `http://${url.hostname}/`) return url.hostname;
  throw new TypeError(`hosts: ${JSON.stringify(given)} must be a name or an address without a port.`);
}

function originName(given: string): string {
  const origin = given.toLowerCase().replace(/(?<=[^/])\/$/, "");
  if (origin === "null" || origin === "file://") return origin;
  if (!/^[a-z][a-z\d+.-]*:\/\/[^/?#*\s]+$/.test(origin) || !URL.canParse(origin)) {
    throw new TypeError(`origins: ${JSON.stringify(given)} must be like "https://example.org" or "app://speech".`);
  }
  const standard = new URL(origin).origin; // without the scheme's default port
  return standard === "null" ? origin : standard;
}
