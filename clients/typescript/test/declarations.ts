// The package's declarations (dist/esm/*.d.ts) as the TypeScript compiler reads them.

import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Node, SyntaxKind } from "typescript/unstable/ast";
import { API, type Checker, type NodeHandle, type Project, type Symbol, SymbolFlags } from "typescript/unstable/sync";
import { PACKAGE } from "./support.js";

export const ENTRIES = { "qwen-tts-sidecar": "index", "qwen-tts-sidecar/openai": "openai" } as const;

const DIST = resolve(PACKAGE, "dist/esm");

/** Something that has a name, and may have a doc comment. */
export interface Documented {
  /** E.g. `SpeechStream.bytes`. */
  path: string;
  doc: string;
  tags: { name: string; text: string }[];
  kind: "declaration" | "property" | "function";
  /** Whether its value is a number, perhaps an absent one. */
  isNumber: boolean;
  isOptional: boolean;
  /** What a function returns. */
  returns: string;
}

const MODULE_LEVEL = new Set([
  SyntaxKind.InterfaceDeclaration,
  SyntaxKind.ClassDeclaration,
  SyntaxKind.TypeAliasDeclaration,
  SyntaxKind.FunctionDeclaration,
  SyntaxKind.VariableDeclaration,
  SyntaxKind.EnumDeclaration,
]);

const MEMBERS = new Set([
  SyntaxKind.PropertySignature,
  SyntaxKind.PropertyDeclaration,
  SyntaxKind.MethodSignature,
  SyntaxKind.MethodDeclaration,
  SyntaxKind.GetAccessor,
]);

/** A compiler that has opened some files in a project of their own. */
export class Compiler {
  readonly #api: API;
  readonly project: Project;
  readonly folder = mkdtempSync(join(tmpdir(), "compiler-"));

  /** `files`: those to open, by absolute path; or the text of ones to write, by name. */
  constructor(files: readonly string[], texts: Record<string, string> = {}) {
    for (const [name, text] of Object.entries(texts)) writeFileSync(join(this.folder, name), text);
    const compilerOptions = {
      strict: true,
      noEmit: true,
      module: "nodenext",
      target: "es2022",
      lib: ["es2023", "dom", "dom.iterable", "dom.asynciterable"],
      types: [],
      paths: Object.fromEntries(Object.entries(ENTRIES).map(([name, file]) => [name, [join(DIST, `${file}.d.ts`)]])),
    };
    const config = join(this.folder, "tsconfig.json");
    writeFileSync(config, JSON.stringify({ compilerOptions, files: [...files, ...Object.keys(texts)] }));
    this.#api = new API({ cwd: this.folder });
    const project = this.#api.updateSnapshot({ openProjects: [config] }).getProject(config);
    if (!project) throw new Error(`${config} was not opened`);
    this.project = project;
  }

  get checker(): Checker {
    return this.project.checker;
  }

  /** Return the errors in the files, as `file: message`. */
  problems(): string[] {
    const { program } = this.project;
    return [...program.getSyntacticDiagnostics(), ...program.getSemanticDiagnostics()].map(
      ({ fileName, text }) => `${fileName}: ${text}`,
    );
  }

  close(): void {
    this.#api.close();
  }
}

/** The names that can be imported from the package, and the types that they reach. */
export class PublicApi extends Compiler {
  readonly #exported = new Map<number, Symbol>();
  readonly #entries = new Map<string, string>();

  constructor() {
    super(Object.values(ENTRIES).map((file) => join(DIST, `${file}.d.ts`)));
    for (const [entry, file] of Object.entries(ENTRIES)) {
      const source = this.project.program.getSourceFile(join(DIST, `${file}.d.ts`));
      const module = source && this.checker.getSymbolAtLocation(source);
      if (!module) throw new Error(`${file}.d.ts has no exports`);
      for (const symbol of this.checker.getExportsOfModule(module)) {
        const target = this.#target(symbol);
        this.#exported.set(target.id, target);
        this.#entries.set(symbol.name, entry);
      }
    }
  }

  get exported(): string[] {
    return [...this.#exported.values()].map(({ name }) => name);
  }

  /** Where a name can be imported from. */
  entryOf(name: string): string {
    return this.#entries.get(name) ?? "";
  }

  /** The types and classes of this package that the exported ones mention, and those mention, and so on. */
  reachable(): Set<string> {
    const seen = new Set<number>();
    const names = new Set<string>();
    const visit = (symbol: Symbol) => {
      if (seen.has(symbol.id)) return;
      seen.add(symbol.id);
      names.add(symbol.name);
      for (const declaration of declarationsOf(symbol)) this.#mentioned(declaration).forEach(visit);
    };
    this.#exported.forEach(visit);
    return names;
  }

  /** Everything that is exported, with the members of classes, interfaces and object types. */
  documented(): Documented[] {
    return [...this.#exported.values()].flatMap((symbol) => [
      this.#describe(symbol, symbol.name, "declaration"),
      ...declarationsOf(symbol).flatMap((node) => this.#members(node, symbol.name)),
    ]);
  }

  #members(node: Node, path: string): Documented[] {
    return children(node).flatMap((child) => {
      if (!MEMBERS.has(child.kind)) {
        const isInside = child.kind === SyntaxKind.TypeLiteral || child.kind === SyntaxKind.IntersectionType;
        return isInside ? this.#members(child, path) : [];
      }
      const name = (child as Node & { name: Node }).name;
      const symbol = this.checker.getSymbolAtLocation(name);
      if (!symbol || name.kind === SyntaxKind.PrivateIdentifier) return [];
      const inner = `${path}.${name.getText()}`;
      return [this.#describe(symbol, inner, "property"), ...this.#members(child, inner)];
    });
  }

  #describe(symbol: Symbol, path: string, kind: Documented["kind"]): Documented {
    const { checker } = this;
    const whole = checker.getTypeOfSymbol(symbol);
    const type = whole && (checker.getNonNullableType(whole) ?? whole);
    const [signature] = type && symbol.flags & VALUES ? checker.getSignaturesOfType(type, 0) : [];
    const returned = signature && checker.getReturnTypeOfSignature(signature);
    return {
      path,
      doc: symbol.getDocumentationComment(checker),
      tags: symbol.getJsDocTags(checker).map(({ name, text = "" }) => ({ name, text })),
      kind: signature ? "function" : kind,
      isNumber: type !== undefined && kind === "property" && checker.typeToString(type) === "number",
      isOptional: (symbol.flags & SymbolFlags.Optional) !== 0,
      returns: returned ? checker.typeToString(returned) : "",
    };
  }

  /** The module-level declarations that a node names. */
  #mentioned(node: Node): Symbol[] {
    if (node.kind !== SyntaxKind.Identifier) return children(node).flatMap((child) => this.#mentioned(child));
    const symbol = this.checker.getSymbolAtLocation(node);
    const target = symbol && this.#target(symbol);
    return target && declarationsOf(target).some(({ kind }) => MODULE_LEVEL.has(kind)) ? [target] : [];
  }

  #target(symbol: Symbol): Symbol {
    return symbol.flags & SymbolFlags.Alias ? this.checker.getAliasedSymbol(symbol) : symbol;
  }
}

const VALUES =
  SymbolFlags.Function | SymbolFlags.Method | SymbolFlags.Property | SymbolFlags.Variable | SymbolFlags.GetAccessor;

/** Return those in this package, without those of TypeScript's own libraries. */
const declarationsOf = (symbol: Symbol): Node[] =>
  symbol.declarations
    .filter((handle: NodeHandle) => handle.path.startsWith(DIST.toLowerCase()) || handle.path.startsWith(DIST))
    .map((handle) => handle.resolve())
    .filter((node) => node !== undefined);

function children(node: Node): Node[] {
  const all: Node[] = [];
  node.forEachChild((child) => void all.push(child));
  return all;
}
