import { badRequest } from "./errors.js";

/** A name or an address, and perhaps a port, which may be empty. Nothing else that a URL could contain. */
const HOST = /^(\[[\da-f:.]+\]|[^\s:/?#@[\]\\]+)(:\d{0,5})?$/i;

/**
 * Return a Host header as a URL, whose `host` and `hostname` have a normalised spelling that can be compared.
 *
 * @throws HttpError 400 if it is not a host name.
 */
export function readHost(header: string): URL {
  const url = parseHost(header);
  if (url) return url;
  throw badRequest(`The Host header ${JSON.stringify(header)} is not a host name.`);
}

function parseHost(text: string): URL | undefined {
  const url = `http://${text}`;
  return HOST.test(text) && URL.canParse(url) ? new URL(url) : undefined;
}

/**
 * Return the path to route by. Clients whose base URL ends with a slash ask for `//v1/…` or `/v1//…`,
 * which mean `/v1/…`.
 *
 * @throws HttpError 400 for any other path that begins with two slashes: it could be read as a host.
 */
export function readPath(pathname: string): string {
  const path = pathname.replace(/^\/\/?v1\/\/?/, "/v1/");
  if (!/^\/(?!\/)/.test(path)) throw badRequest(`The path ${JSON.stringify(pathname)} must begin with one slash.`);
  return path;
}

/**
 * Return the URL of an HTTP request. Its host comes from the Host header, never from the target: otherwise, the
 * sender of the target could choose the host that an `Origin` is compared with.
 *
 * @param host The Host header; HTTP/1.0 may leave it out.
 * @param target The request target: a path, or an absolute URL of the same host.
 * @throws HttpError 400 if the host or the target is invalid.
 */
export function requestUrl(host: string | undefined, target: string): URL {
  const base = readHost(host ?? "localhost");
  const path = target.startsWith("/") ? target : pathOf(target, base);
  const url = `${base.origin}${path}`;
  if (path && URL.canParse(url)) return new URL(url);
  throw badRequest(`The request target ${JSON.stringify(target)} must be a path on this server.`);
}

/** HTTP/1.1 servers must accept an absolute URL, too. Its host must be the one in the Host header. */
function pathOf(target: string, base: URL): string | undefined {
  const [, host, path] = /^http:\/\/([^/?#]+)(\/.*)?$/i.exec(target) ?? [];
  return host !== undefined && parseHost(host)?.host === base.host ? (path ?? "/") : undefined;
}
