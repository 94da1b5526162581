// The patterns of protocol/vectors/README.md.

export type Bindings = Map<string, unknown>;

type Rule = (argument: never, value: unknown, bound: Bindings) => boolean;

const RULES: Record<string, Rule> = {
  $any: () => true,
  $type: (name: string, value) => typeNames(value).includes(name),
  $regex: (text: string, value) => typeof value === "string" && new RegExp(text, "u").test(value),
  $range: ([low, high]: [number, number], value) =>
    typeof value === "number" && low <= value && value <= high,
  $base64: ([low, high]: [number, number], value) => {
    const bytes = typeof value === "string" ? base64Bytes(value) : undefined;
    return bytes !== undefined && low <= bytes && bytes <= high;
  },
  $bind: (name: string, value, bound) => Boolean(bound.set(name, value)),
  $ref: (name: string, value, bound) => bound.has(name) && isSame(bound.get(name), value),
  $not: (pattern: unknown, value, bound) => !matches(pattern, value, new Map(bound)),
  $all: (patterns: unknown[], value, bound) => patterns.every((each) => matches(each, value, bound)),
};

/** Return whether the value matches. Only then are its bindings kept. */
export function matches(pattern: unknown, value: unknown, bound: Bindings): boolean {
  const trial = new Map(bound);
  if (!test(pattern, value, trial)) return false;
  for (const [name, each] of trial) bound.set(name, each);
  return true;
}

function test(pattern: unknown, value: unknown, bound: Bindings): boolean {
  if (Array.isArray(pattern)) {
    const items = Array.isArray(value) && value.length === pattern.length ? value : undefined;
    return items !== undefined && pattern.every((each, i) => test(each, items[i], bound));
  }
  if (!isObject(pattern)) return pattern === value;
  const rule = ruleOf(pattern);
  if (rule) return rule.rule(rule.argument as never, value, bound);
  return isObject(value) && Object.keys(pattern).every((key) => member(pattern[key], value, key, bound));
}

function member(pattern: unknown, value: Record<string, unknown>, key: string, bound: Bindings): boolean {
  const there = Object.hasOwn(value, key);
  if (isObject(pattern) && "$absent" in pattern) return !there;
  return there && test(pattern, value[key], bound);
}

function ruleOf(pattern: Record<string, unknown>): { rule: Rule; argument: unknown } | undefined {
  const [name, ...others] = Object.keys(pattern);
  if (name === undefined || others.length > 0 || !name.startsWith("$")) return undefined;
  const rule = RULES[name];
  if (!rule) throw new Error(`there is no pattern ${name}`);
  return { rule, argument: pattern[name] };
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Both come from JSON, and bound values are strings and numbers, or are written by one process. */
const isSame = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

function typeNames(value: unknown): string[] {
  if (value === null) return ["null"];
  if (Array.isArray(value)) return ["array"];
  return Number.isInteger(value) ? ["number", "integer"] : [typeof value];
}

/** Return the number of bytes that base64 stands for, if it is well formed. */
export function base64Bytes(text: string): number | undefined {
  const bytes = Buffer.from(text, "base64");
  return bytes.toString("base64") === text ? bytes.length : undefined;
}
