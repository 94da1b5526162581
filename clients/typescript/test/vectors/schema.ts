// The part of JSON Schema that protocol/schema.json uses. Anything else is an error.

import { base64Bytes, isObject } from "./patterns.js";

export interface Schema {
  $ref?: string;
  type?: string;
  enum?: unknown[];
  anyOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean;
  contentEncoding?: string;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  minLength?: number;
  [key: string]: unknown;
}

export type Definitions = Record<string, Schema>;

const KNOWN = new Set(
  ("$ref type enum anyOf items properties required additionalProperties contentEncoding minimum " +
    "maximum exclusiveMinimum minLength title description default discriminator examples").split(" "),
);

/** Return what is wrong with the value, as a path and a reason; undefined if it is valid. */
export function invalid(value: unknown, schema: Schema, defs: Definitions, path = "$"): string | undefined {
  const strange = Object.keys(schema).find((key) => !KNOWN.has(key));
  if (strange) throw new Error(`the schema has ${strange}, which is not supported here`);
  if (schema.$ref) return invalid(value, definition(schema.$ref, defs), defs, path);
  if (schema.anyOf) {
    const reasons = schema.anyOf.map((choice) => invalid(value, choice, defs, path));
    return reasons.includes(undefined) ? undefined : reasons.join(", or ");
  }
  return (
    outside(value, schema, path) ??
    (Array.isArray(value) && schema.items ? inItems(value, schema.items, defs, path) : undefined) ??
    (isObject(value) && schema.properties ? inMembers(value, schema, defs, path) : undefined)
  );
}

function definition(ref: string, defs: Definitions): Schema {
  const found = defs[ref.replace("#/$defs/", "")];
  if (!found) throw new Error(`the schema has no ${ref}`);
  return found;
}

function outside(value: unknown, schema: Schema, path: string): string | undefined {
  const wrong = (reason: string) => `${path} ${reason}: ${JSON.stringify(value)?.slice(0, 80)}`;
  if (schema.enum && !schema.enum.includes(value)) return wrong("is none of the values");
  if (schema.type && !hasType(value, schema.type)) return wrong(`is no ${schema.type}`);
  if (schema.contentEncoding && base64Bytes(String(value)) === undefined) return wrong("is no base64");
  if (typeof value === "string" && value.length < (schema.minLength ?? 0)) return wrong("is too short");
  if (typeof value !== "number") return undefined;
  const { minimum = -Infinity, maximum = Infinity, exclusiveMinimum = -Infinity } = schema;
  const within = minimum <= value && value <= maximum && exclusiveMinimum < value;
  return within ? undefined : wrong("is out of range");
}

function hasType(value: unknown, type: string): boolean {
  if (type === "null") return value === null;
  if (type === "array") return Array.isArray(value);
  if (type === "object") return isObject(value);
  return type === "integer" ? Number.isInteger(value) : typeof value === type;
}

function inItems(items: unknown[], schema: Schema, defs: Definitions, path: string): string | undefined {
  return items.map((item, i) => invalid(item, schema, defs, `${path}[${i}]`)).find(Boolean);
}

function inMembers(
  value: Record<string, unknown>,
  { properties = {}, required = [], additionalProperties }: Schema,
  defs: Definitions,
  path: string,
): string | undefined {
  const missing = required.find((name) => !Object.hasOwn(value, name));
  if (missing) return `${path} has no ${missing}`;
  for (const [name, member] of Object.entries(value)) {
    const schema = properties[name];
    if (!schema && additionalProperties === false) return `${path} must not have ${name}`;
    const reason = schema && invalid(member, schema, defs, `${path}.${name}`);
    if (reason) return reason;
  }
  return undefined;
}
