// Generates src/protocol.gen.ts from protocol/schema.json; with --check, only compares them. It supports the part
// of JSON Schema that the sidecar uses, and stops at anything else.

import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const source = process.env.QWEN_TTS_SCHEMA ?? join(root, "../../protocol/schema.json");
const target = join(root, "src/protocol.gen.ts");
const PLAIN = { string: "string", integer: "number", number: "number", boolean: "boolean", null: "null" };

const refName = (ref) => ref.split("/").at(-1);
const isNull = (schema) => schema.type === "null";
const key = (name) => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name));

function typeOf(schema) {
  if (schema.$ref) return refName(schema.$ref);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (schema.anyOf) return [...new Set(schema.anyOf.map(typeOf))].join(" | ");
  if (schema.type === "array") return arrayOf(typeOf(schema.items));
  if (schema.additionalProperties) return `Record<string, ${typeOf(schema.additionalProperties)}>`;
  if (schema.type in PLAIN) return PLAIN[schema.type];
  throw new Error(`no TypeScript for ${JSON.stringify(schema)}`);
}

const arrayOf = (type) => (/[ |]/.test(type) ? `(${type})[]` : `${type}[]`);

/**
 * Return the schema without null. For an optional field, null means the same as absent. The types have only the latter,
 * so that an editor shows `string | undefined` instead of `string | null | undefined`.
 */
const withoutNull = (schema) =>
  schema.anyOf ? { ...schema, anyOf: schema.anyOf.filter((choice) => !isNull(choice)) } : schema;

const describe = (schema) => {
  const inner = schema.anyOf?.find((choice) => choice.description)?.description;
  const notes = [schema.description ?? inner ?? "", range(schema.anyOf?.[0] ?? schema)];
  if (schema.enum?.length === 1 && notes[0] === "") notes[0] = `Always ${JSON.stringify(schema.enum[0])}.`;
  if (schema.contentEncoding ?? schema.anyOf?.[0]?.contentEncoding) notes.push("Encoded as base64.");
  return notes.filter(Boolean).join(" ");
};

function range({ minimum, maximum, exclusiveMinimum }) {
  if (minimum === undefined && exclusiveMinimum === undefined) return "";
  const low = minimum === undefined ? `more than ${exclusiveMinimum}` : `from ${minimum}`;
  return maximum === undefined ? `Range: ${low}.` : `Range: ${low} to ${maximum}.`;
}

const WIDTH = 100;

function comment(text, indent = "") {
  if (!text) return "";
  const words = text.replace(/\s+/g, " ").trim();
  const line = `${indent}/** ${words} */\n`;
  if (line.length <= WIDTH) return line;
  const lines = [];
  for (const word of words.split(" ")) {
    const longer = `${lines.at(-1)} ${word}`;
    if (lines.length > 0 && indent.length + 3 + longer.length < WIDTH) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return `${indent}/**\n${lines.map((one) => `${indent} * ${one}\n`).join("")}${indent} */\n`;
}

function property(name, schema, required) {
  const type = typeOf(withoutNull(schema));
  return `${comment(describe(schema), "  ")}  ${key(name)}${required ? "" : "?"}: ${type};\n`;
}

/** An editor completes the names in the catalogue; the type accepts any other string as well. */
function names(name, { description, examples }) {
  const known = examples.map((value) => `  | ${JSON.stringify(value)}\n`).join("");
  return `${comment(description)}export type ${name} =\n${known}  | (string & {});\n`;
}

function definition(name, schema) {
  if (schema.examples) return names(name, schema);
  const fields = Object.entries(schema.properties);
  const head = comment(schema.description);
  if (fields.length === 0) return `${head}export type ${name} = Record<string, never>;\n`;
  const body = fields.map(([field, value]) => property(field, value, schema.required.includes(field)));
  return `${head}export interface ${name} {\n${body.join("")}}\n`;
}

function methodTable(title, about, methods) {
  const rows = methods.map(([name, method]) => {
    const parts = ["params", "result", "progress"].filter((part) => method[part]);
    const types = parts.map((part) => `${part}: ${typeOf(method[part])}`).join("; ");
    return `${comment(method.description, "  ")}  ${JSON.stringify(name)}: { ${types} };\n`;
  });
  return `${comment(about)}export interface ${title} {\n${rows.join("")}}\n`;
}

function errorTable(errors, descriptions) {
  const rows = Object.entries(errors).map(
    ([type, code]) => `${comment(descriptions[type], "  ")}  ${type}: ${code},\n`,
  );
  return (
    `${comment("JSON-RPC's number (`code`) of each `type` of an error.")}export const ERROR_CODES = {\n${rows.join("")}} as const;\n\n` +
    `${comment("The stable names of errors; `ERROR_CODES` says what each of them means.")}export type ErrorType = keyof typeof ERROR_CODES;\n`
  );
}

function genders(voices) {
  const rows = Object.entries(voices).map(([voice, gender]) => `  ${key(voice)}: ${JSON.stringify(gender)},\n`);
  return `${comment("How the preset voices in the catalogue sound.")}export const PRESET_GENDERS = {\n${rows.join("")}} as const;\n`;
}

function generate(schema) {
  const sent = Object.entries(schema.methods).filter(([, m]) => m.direction === "clientToServer");
  const kind = (wanted) => sent.filter(([, method]) => method.kind === wanted);
  return [
    "// Generated from protocol/schema.json by scripts/generate-types.mjs; do not edit.\n",
    `${comment("Version of the protocol that this client speaks.")}export const PROTOCOL_VERSION = ${schema.protocolVersion};\n`,
    ...Object.entries(schema.$defs).map(([name, value]) => definition(name, value)),
    methodTable("Requests", "Requests that a client may send, with what they answer.", kind("request")),
    methodTable("Notifications", "Notifications that a client may send. They are not answered.", kind("notification")),
    errorTable(schema.errors, schema.errorDescriptions),
    genders(schema.presetGenders),
  ].join("\n");
}

const text = generate(JSON.parse(readFileSync(source, "utf8")));
if (!process.argv.includes("--check")) {
  writeFileSync(target, text);
} else if (readFileSync(target, "utf8") !== text) {
  console.error(`${relative(process.cwd(), target)} is not what the schema says: npm run generate`);
  process.exit(1);
}
