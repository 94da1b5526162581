// Prints the reference of the package as Markdown, from its declarations (dist/esm/*.d.ts) and their doc comments.
// The documentation site includes it: `make docs`. The types of the protocol are left out, since the protocol's own
// reference has them.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { SyntaxKind } from "typescript/unstable/ast";
import { API, SymbolFlags } from "typescript/unstable/sync";

const DIST = join(dirname(fileURLToPath(import.meta.url)), "../dist/esm");
const ENTRIES = { "qwen-tts-sidecar": "index", "qwen-tts-sidecar/openai": "openai" };
const INTRODUCTION = `# TypeScript

This page is generated from the doc comments of the package. [The client's page](../clients/typescript.md) shows how to
use it. Types whose names are not on this page, such as \`SynthesizeParams\`, are
[the protocol's](protocol.md#types), and can be imported from \`qwen-tts-sidecar\`, too.
`;
/** What a newcomer needs first. */
const FIRST = ["createSidecar", "Sidecar", "SpeechStream", "Models", "Voices", "connect", "toSrt", "toVtt"];

const folder = mkdtempSync(join(tmpdir(), "reference-"));
const config = join(folder, "tsconfig.json");
const files = Object.values(ENTRIES).map((file) => join(DIST, `${file}.d.ts`));
const compilerOptions = { module: "nodenext", target: "es2022", lib: ["es2023", "dom"], types: [] };
writeFileSync(config, JSON.stringify({ compilerOptions, files }));
const api = new API({ cwd: folder });
const project = api.updateSnapshot({ openProjects: [config] }).getProject(config);
const { checker, program } = project;

/** The declarations that an entry exports, by name. */
function exportsOf(file) {
  const module = checker.getSymbolAtLocation(program.getSourceFile(join(DIST, `${file}.d.ts`)));
  return checker.getExportsOfModule(module).map((symbol) => {
    const target = symbol.flags & SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    return { name: symbol.name, symbol: target };
  });
}

const isProtocol = ({ symbol }) => symbol.declarations.some(({ path }) => path.includes("protocol.gen"));
const rank = ({ name }) => {
  const place = FIRST.indexOf(name);
  return place >= 0 ? place : FIRST.length + (name.endsWith("Error") ? 1 : 0);
};
const inOrder = (a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1);

const MEMBERS = new Set([
  SyntaxKind.PropertySignature,
  SyntaxKind.PropertyDeclaration,
  SyntaxKind.MethodSignature,
  SyntaxKind.MethodDeclaration,
  SyntaxKind.GetAccessor,
]);
const FUNCTIONS = new Set([SyntaxKind.MethodSignature, SyntaxKind.MethodDeclaration]);

/** The text of a declaration without comments, and without words that only a compiler needs. */
const code = (node) =>
  node
    .getText()
    .replace(/\b(options|protocol)\.(?=[A-Z])/g, "")
    .replace(/\/\*\*[^]*?\*\/\s*/g, "")
    .replace(/^(export )?(declare )?/, "")
    .replace(/^ {4}/gm, "");

const prose = (text) => text.replace(/\{@link (\w+)\}/g, "`$1`").trim();
/** Outside of code, a bar would end a cell. */
const cell = (text) => prose(text).replace(/\s+/g, " ").replace(/`[^`]*`|\|/g, (found) => (found === "|" ? "\\|" : found));

/** The tags of a declaration's doc comment. The API's own leave out what follows a `{@link}`. */
function tagsOf(symbol) {
  const [handle] = symbol.declarations;
  const [written = ""] = handle?.resolve()?.getFullText().match(/\/\*\*[^]*?\*\//) ?? [];
  const text = written.replace(/^\/\*\*|\*\/$/g, "").replace(/^[ \t]*\* ?/gm, "");
  return [...text.matchAll(/^@(\w+)\s+([^]*?)(?=^@|(?![^]))/gm)].map(([, name, text]) => ({ name, text: text.trim() }));
}

/** A doc comment: what it says, what is thrown, examples. */
function comment(symbol) {
  const tags = tagsOf(symbol);
  const thrown = tags.filter(({ name }) => name === "throws").map(({ text }) => `- ${prose(text).replace(/\n/g, " ")}`);
  const examples = tags
    .filter(({ name }) => name === "example")
    .map(({ text }) => (text.includes("```") ? text : `For example, \`${text}\`.`));
  const lines = [prose(symbol.getDocumentationComment(checker)), ""];
  if (thrown.length > 0) lines.push("Throws:", "", ...thrown, "");
  return [...lines, ...examples, ""];
}

function membersOf(node) {
  const found = [];
  node.forEachChild((child) => {
    const name = child.name;
    if (!MEMBERS.has(child.kind) || name.kind === SyntaxKind.PrivateIdentifier) return;
    const symbol = checker.getSymbolAtLocation(name);
    if (symbol) found.push({ node: child, name: name.getText(), symbol });
  });
  return found;
}

function render({ name, symbol }) {
  const lines = [`### \`${name}\``, "", ...comment(symbol)];
  const nodes = symbol.declarations.map((handle) => handle.resolve());
  const members = nodes.flatMap(membersOf);
  if (members.length === 0) {
    const shown = nodes.filter(({ kind }) => kind !== SyntaxKind.SourceFile);
    lines.push("```ts", ...shown.map(code), "```", "");
  }
  const fields = members.filter(({ node }) => !FUNCTIONS.has(node.kind));
  if (fields.length > 0) {
    lines.push("| field | type | meaning |", "|---|---|---|");
    for (const one of fields) {
      const [, optional = "", type = ""] = /^[^:(]*?(\?)?(?:\(\))?: ?([^]*?);?$/.exec(code(one.node)) ?? [];
      const meaning = cell(one.symbol.getDocumentationComment(checker));
      lines.push(`| \`${one.name}${optional}\` | \`${type.replace(/\s+/g, " ")}\` | ${meaning} |`);
    }
    lines.push("");
  }
  for (const one of members.filter(({ node }) => FUNCTIONS.has(node.kind))) {
    lines.push(`#### \`${name}.${one.name}\``, "", "```ts", code(one.node), "```", "", ...comment(one.symbol));
  }
  return lines;
}

const lines = [INTRODUCTION];
for (const [entry, file] of Object.entries(ENTRIES)) {
  lines.push(`## ${entry}`, "");
  const shown = exportsOf(file).filter((one) => !isProtocol(one)).sort(inOrder);
  lines.push(...shown.flatMap(render));
}
console.log(lines.join("\n"));
api.close();
rmSync(folder, { recursive: true });
