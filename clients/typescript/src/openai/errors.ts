import type { SidecarResponseError } from "../errors.js";
import { json } from "./answers.js";
import { httpMessage, httpParam } from "./wording.js";

/** An error in OpenAI's form: `{error: {message, type, param, code}}`. */
export class HttpError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly code: string | null = null,
    readonly param: string | null = null,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }
}

export const badRequest = (message: string, param: string | null = null, code: string | null = null) =>
  new HttpError(400, message, code, param);

const STATUS: Record<string, number> = {
  unknownModel: 404,
  unknownRevision: 404,
  modelNotDownloaded: 404,
  messageTooLong: 413,
  hubAccessDenied: 502,
  hubUnreachable: 502,
  corruptDownload: 502,
  hubRateLimited: 503,
  diskFull: 507,
  modelInUse: 409,
  queueFull: 429,
  outOfMemory: 503,
  modelLoadFailed: 500,
  generationFailed: 500,
  internalError: 500,
};

/** Return the response that reports an error. */
export function errorResponse(error: unknown): Response {
  const { status, message, code, param, headers } = toHttpError(error);
  const response = json({ error: { message, type: typeOf(status), param, code } }, status, headers);
  if (status === 429) response.headers.set("retry-after", "1");
  return response;
}

/** Return the event that reports an error: once audio has been sent, the status can no longer do so. */
export function errorEvent(error: unknown): object {
  const { status, message, code, param } = toHttpError(error);
  return { type: "error", error: { message, type: typeOf(status), param, code } };
}

function toHttpError(error: unknown): HttpError {
  if (error instanceof HttpError) return error;
  if (isResponseError(error)) return fromSidecar(error);
  if (isSidecarError(error)) return new HttpError(503, firstLine(error), "sidecar_unavailable");
  // A bug in this program, whose text is not for clients.
  return new HttpError(500, "The server had an error.", "internal_error");
}

/**
 * Return whether the sidecar answered with an error. The error is recognised by its name, because the app may have
 * loaded the client's other build (ESM or CommonJS), which has its own classes.
 */
export const isResponseError = (error: unknown): error is SidecarResponseError =>
  error instanceof Error && error.name === "SidecarResponseError";

const isSidecarError = (error: unknown): error is Error =>
  error instanceof Error && /^Sidecar\w+Error$/.test(error.name);

function fromSidecar({ type, field, message }: SidecarResponseError): HttpError {
  const code = type === "unknownModel" ? "model_not_found" : snakeCase(type);
  return new HttpError(STATUS[type] ?? 400, httpMessage(message), code, httpParam(field));
}

function typeOf(status: number): string {
  if (status === 429) return "rate_limit_error";
  return status >= 500 ? "server_error" : "invalid_request_error";
}

const snakeCase = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** Return the first line; the others are the tail of stderr. */
const firstLine = (error: Error) => error.message.split("\n", 1)[0] ?? "";
