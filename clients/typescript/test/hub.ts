import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { COMMAND, REPOSITORY, within } from "./support.js";

/** The hub of the sidecar's own tests. */
export class Hub {
  environment: Record<string, string> = {};
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(...repos: string[]) {
    const python = COMMAND[0] ?? "python3";
    this.#child = spawn(python, ["-m", "tests.support.hub_process", ...repos], {
      cwd: REPOSITORY,
      stdio: ["pipe", "pipe", "inherit"],
    });
    assert.ok(this.#child.stdout);
    this.#lines = createInterface(this.#child.stdout)[Symbol.asyncIterator]();
  }

  async start() {
    this.environment = (await this.#read()).environment;
  }

  async tell(command: "slow" | "wrong" | "fine" | "sent"): Promise<{ bytes: number; ranges: string[] }> {
    this.#child.stdin?.write(`${command}\n`);
    return await this.#read();
  }

  async #read() {
    const { value } = await within(40_000, "a line of the hub", this.#lines.next());
    return JSON.parse(value);
  }

  stop() {
    this.#child.stdin?.end();
  }
}
