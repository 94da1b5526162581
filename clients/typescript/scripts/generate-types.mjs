// protocol/schema.json → src/protocol.gen.ts; with --check, only tells whether they agree.
// Knows the part of JSON Schema that the sidecar writes, and stops at anything else.

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
  if (schema.type in PLAIN) return PLAIN[schema.type];
  throw new Error(`no TypeScript for ${JSON.stringify(schema)}`);
}

const arrayOf = (type) => (/[ |]/.test(type) ? `(${type})[]` : `${type}[]`);

/** The sidecar takes null for an absent field, but never sends it. */
const withoutNull = (schema) =>
  schema.anyOf ? { ...schema, anyOf: schema.anyOf.filter((choice) => !isNull(choice)) } : schema;

const describe = (schema) => {
  const inner = schema.anyOf?.find((choice) => choice.description)?.description;
  const notes = [schema.description ?? inner ?? "", range(schema.anyOf?.[0] ?? schema)];
  if (schema.contentEncoding ?? schema.anyOf?.[0]?.contentEncoding) notes.push("Base64.");
  return notes.filter(Boolean).join(" ");
};

function range({ minimum, maximum, exclusiveMinimum }) {
  if (minimum === undefined && exclusiveMinimum === undefined) return "";
  const low = minimum === undefined ? `More than ${exclusiveMinimum}` : `From ${minimum}`;
  return maximum === undefined ? `${low}.` : `${low} to ${maximum}.`;
}

const comment = (text, indent = "") => (text ? `${indent}/** ${text} */\n` : "");

function property(name, schema, required, sent) {
  const type = typeOf(sent ? schema : withoutNull(schema));
  return `${comment(describe(schema), "  ")}  ${key(name)}${required ? "" : "?"}: ${type};\n`;
}

function definition(name, schema) {
  const fields = Object.entries(schema.properties);
  const head = comment(schema.description);
  if (fields.length === 0) return `${head}export type ${name} = Record<string, never>;\n`;
  const sent = schema.additionalProperties === false;
  const body = fields.map(([field, value]) =>
    property(field, value, schema.required.includes(field), sent),
  );
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

function errorTable(errors) {
  const rows = Object.entries(errors).map(([type, code]) => `  ${type}: ${code},\n`);
  return (
    `${comment("`error.data.type` → `error.code`.")}export const ERROR_CODES = {\n${rows.join("")}} as const;\n\n` +
    `${comment("What can be wrong, by name; stable.")}export type ErrorType = keyof typeof ERROR_CODES;\n`
  );
}

function generate(schema) {
  const sent = Object.entries(schema.methods).filter(([, m]) => m.direction === "clientToServer");
  const kind = (wanted) => sent.filter(([, method]) => method.kind === wanted);
  return [
    "// Generated from protocol/schema.json by scripts/generate-types.mjs; do not edit.\n",
    `export const PROTOCOL_VERSION = ${schema.protocolVersion};\n`,
    ...Object.entries(schema.$defs).map(([name, value]) => definition(name, value)),
    methodTable("Requests", "Everything that is answered.", kind("request")),
    methodTable("Notifications", "What is sent without an answer.", kind("notification")),
    errorTable(schema.errors),
  ].join("\n");
}

const text = generate(JSON.parse(readFileSync(source, "utf8")));
if (!process.argv.includes("--check")) {
  writeFileSync(target, text);
} else if (readFileSync(target, "utf8") !== text) {
  console.error(`${relative(process.cwd(), target)} is not what the schema says: npm run generate`);
  process.exit(1);
}
