import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AxeResults } from "axe-core";
import puppeteer, { type Browser, type Page } from "puppeteer-core";
import { CHROMIUM } from "./chromium.js";
import { COMMAND, PACKAGE, REPOSITORY, within } from "./support.js";

/** What the page says about itself. */
export interface State {
  state: "empty" | "playing" | "paused" | "ended";
  position: number;
  peak: number;
  marked: string;
  samples: number;
  played: number;
  arrivals: number;
  stretches: { kind: "played" | "gap" | "paused"; from: number; to: number }[];
  sampleCache: number;
}

/** `qwen-tts-sidecar playground` as a process, with a folder of voices of its own. */
export class Command {
  url = "";
  #child: ChildProcess | undefined;
  readonly folder = mkdtempSync(join(tmpdir(), "playground-"));

  constructor(
    readonly env: NodeJS.ProcessEnv = process.env,
    readonly args: string[] = [],
  ) {}

  /** Start it, or start it again on the same port with the same token. */
  async start(): Promise<void> {
    const port = this.url ? new URL(this.url).port : "0";
    const own = ["playground", "--no-open", "--port", port, "--token-file", join(this.folder, "token")];
    const [program = "", ...words] = [...COMMAND, ...own, "--voices-dir", join(this.folder, "voices"), ...this.args];
    const child = (this.#child = spawn(program, words, {
      cwd: REPOSITORY,
      env: { ...this.env, PYTHONSAFEPATH: "1" },
      stdio: ["ignore", "pipe", "ignore"],
    }));
    const line = new Promise<string>((resolve) => child.stdout?.once("data", (data) => resolve(String(data).trim())));
    this.url = await within(60_000, "the address", line);
    assert.match(this.url, /^http:\/\/127\.0\.0\.1:\d+\/#[\w-]{43}$/);
  }

  get pid(): number {
    return this.#child!.pid!;
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    await within(20_000, "the end of the command", ended);
  }
}

/** The page in a headless browser. */
export class Opened {
  browser!: Browser;
  page!: Page;
  /** Errors of the page, and addresses that it asked for outside of its server. */
  readonly problems: string[] = [];
  readonly requests: string[] = [];

  async open(url: string, flags: string[] = []): Promise<void> {
    const sound = "--autoplay-policy=no-user-gesture-required";
    this.browser = await puppeteer.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", sound, ...flags] });
    this.page = await this.browser.newPage();
    this.page.on("pageerror", (error) => this.problems.push(String(error)));
    this.page.on("console", (message) => message.type() === "error" && this.problems.push(message.text()));
    this.page.on("request", (request) => this.requests.push(request.url()));
    await this.page.setViewport({ width: 1280, height: 900, deviceScaleFactor: 1 });
    await this.page.goto(url);
    await this.saying("Ready.");
  }

  state = () => this.page.evaluate("playground.state()") as Promise<State>;
  text = (selector: string) => this.page.$eval(selector, (element) => element.textContent ?? "");

  /** Wait for an expression about `state` (the page's) to hold. */
  until = (condition: string) =>
    this.page.waitForFunction(`(() => { const state = playground.state(); return ${condition}; })()`, { timeout: 60_000 });

  /** Wait for the status to begin so. */
  saying = (words: string) =>
    this.page.waitForFunction(
      `document.getElementById('status').textContent.startsWith(${JSON.stringify(words)})`,
      { timeout: 60_000 },
    );

  /** Wait for an element to have a text. */
  shows = (selector: string, pattern: RegExp) =>
    this.page.waitForFunction(`${pattern}.test(document.querySelector(${JSON.stringify(selector)})?.textContent ?? "")`, {
      timeout: 60_000,
    });

  async type(text: string, selector = "#text"): Promise<void> {
    await this.page.$eval(selector, (element) => ((element as HTMLInputElement).value = ""));
    await this.page.type(selector, text);
  }

  async speak(text: string): Promise<void> {
    await this.type(text);
    await this.page.click("#speak");
  }

  async picture(name: string, fullPage = false): Promise<void> {
    const folder = process.env.SCREENSHOTS;
    if (folder) await this.page.screenshot({ path: join(folder, `${name}.png`) as `${string}.png`, fullPage });
  }

  /** Assert that axe-core finds nothing, in the page as it is. */
  async isAccessible(): Promise<void> {
    await this.page.evaluate(readFileSync(join(PACKAGE, "node_modules/axe-core/axe.min.js"), "utf8"));
    const { violations, passes } = (await this.page.evaluate("axe.run()")) as AxeResults;
    assert.ok(passes.some(({ id }) => id === "color-contrast"));
    assert.deepEqual(
      violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`)),
      [],
    );
  }
}
