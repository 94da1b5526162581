// The rules for every message, besides the steps of a conversation.

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { REPOSITORY } from "../support.js";
import { isObject } from "./patterns.js";
import { invalid, type Schema } from "./schema.js";

export type Message = Record<string, unknown>;

interface Contract {
  methods: Record<string, { kind: string; result?: Schema }>;
  errors: Record<string, number>;
  $defs: Record<string, Schema>;
}

interface Sent {
  id: unknown;
  method: string;
  token: unknown;
  chunks: { seq: number; samples: number; frames: number }[];
}

const CONTRACT: Contract = JSON.parse(readFileSync(resolve(REPOSITORY, "protocol/schema.json"), "utf8"));
const TOKENS = ["partialResultToken", "workDoneToken"];

/** Follows one conversation, and throws if a rule is broken. */
export class Rules {
  #open: Sent[] = [];
  /** Raw bytes may have contained ids, so an answer to an unknown id is not an error. */
  lenient = false;

  sent(message: unknown): void {
    if (!isObject(message) || !("method" in message) || !isId(message.id)) return;
    const params = isObject(message.params) ? message.params : {};
    const token = TOKENS.map((name) => params[name]).find((value) => value !== undefined && value !== null);
    this.#open.push({ id: message.id, method: String(message.method), token, chunks: [] });
  }

  received(message: Message): void {
    if (message.jsonrpc !== "2.0") throw new Error("jsonrpc is not 2.0");
    const members = Object.keys(message).filter((name) => name !== "jsonrpc").sort().join();
    if (members === "method,params") this.#notification(message);
    else if (members === "id,result" || members === "error,id") this.#response(message);
    else throw new Error(`a message has the members ${members}`);
  }

  get unanswered(): unknown[] {
    return this.#open.map(({ id }) => id);
  }

  #notification({ method, params }: Message): void {
    if (method !== "$/progress") throw new Error(`a notification ${String(method)}`);
    check(params, { $ref: "#/$defs/ProgressParams" });
    const { token, value } = params as { token: unknown; value: { kind: string } };
    const request = this.#open.find((sent) => sent.token === token);
    if (!request && !this.lenient) throw new Error(`progress without a request: ${JSON.stringify(token)}`);
    if (value.kind !== "audio") return;
    const chunk = value as unknown as Sent["chunks"][number];
    if (request && chunk.seq !== request.chunks.length) throw new Error(`seq ${chunk.seq} has a gap`);
    request?.chunks.push(chunk);
  }

  #response({ id, result, error }: Message): void {
    if (error !== undefined) checkError(error);
    const refused = errorType(error) === "duplicateId";
    const at = refused ? this.#refused(id) : this.#open.findIndex((sent) => sent.id === id);
    const [request] = at < 0 ? [] : this.#open.splice(at, 1);
    if (!request && id !== null && !this.lenient && !refused) throw new Error(`an answer to nothing: ${String(id)}`);
    if (!request || result === undefined) return;
    check(result, CONTRACT.methods[request.method]?.result ?? {});
    if (request.chunks.length > 0) checkSums(request, result as Message);
  }

  /** Of two requests with the same id, the later one; a single one is not affected by a message that was not parsed. */
  #refused(id: unknown): number {
    const same = this.#open.filter((sent) => sent.id === id);
    return same.length > 1 ? this.#open.lastIndexOf(same[same.length - 1] as Sent) : -1;
  }
}

const errorType = (error: unknown) =>
  isObject(error) && isObject(error.data) ? error.data.type : undefined;

const isId = (id: unknown) => typeof id === "string" || Number.isInteger(id);

function check(value: unknown, schema: Schema): void {
  const reason = invalid(value, schema, CONTRACT.$defs);
  if (reason) throw new Error(`not what schema.json says: ${reason}`);
}

function checkError(error: unknown): void {
  const { code, data, message } = error as { code: number; data: { type: string }; message: unknown };
  check(data, { $ref: "#/$defs/ErrorData" });
  if (typeof message !== "string") throw new Error("an error without a message");
  if (CONTRACT.errors[data.type] !== code) throw new Error(`${data.type} has the code ${code}`);
}

function checkSums({ chunks }: Sent, result: Message): void {
  for (const key of ["samples", "frames"] as const) {
    const sum = chunks.reduce((total, chunk) => total + chunk[key], 0);
    if (sum !== result[key]) throw new Error(`${key}: ${sum} came, the result says ${String(result[key])}`);
  }
}
