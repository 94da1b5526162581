/** The sidecar's params that have another name here. */
const PARAMS: Readonly<Record<string, string>> = {
  text: "input",
  instruct: "instructions",
  encoding: "response_format",
};

/** The params of a request, by their names in the sidecar's errors. All others cannot be sent over HTTP. */
const SENT: ReadonlySet<string> = new Set([...Object.keys(PARAMS), "model", "voice", "language", "seed", "speed"]);

/** The sidecar's methods, and the requests that do the same here. */
const METHODS: Readonly<Record<string, string>> = {
  "model/list": "GET /v1/models",
  "model/load": "POST /v1/models/{model}",
  "model/unload": "DELETE /v1/models/{model}",
  "voice/list": "GET /v1/audio/voices",
};

/**
 * Return a sidecar's error message in the words of this API: `instruct` is `instructions`, and `model/list` is
 * `GET /v1/models`.
 */
export function httpMessage(message: string): string {
  return message
    .replace(/`(text|instruct|encoding)`/g, (_, name: string) => `\`${PARAMS[name]}\``)
    .replace(/`reference` or `voice`/g, "`voice`")
    .replace(/(?<![\w./-])((?:model|voice)\/\w+)(?: on the wire)?/g, (whole, name: string) => METHODS[name] ?? whole);
}

/** Return the name that a param of the sidecar has here, or null for one that cannot be sent. */
export function httpParam(field: string | undefined): string | null {
  if (field === undefined || !SENT.has(field)) return null;
  return PARAMS[field] ?? field;
}
