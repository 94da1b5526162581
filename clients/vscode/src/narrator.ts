// Reads one text at a time: it joins the sidecar, the player and the highlight, and says what is going on.

import type { LiveSpeechParams, Sidecar } from "qwen-tts-sidecar";
import * as vscode from "vscode";
import { describe } from "./faults.js";
import type { Highlighter } from "./highlighter.js";
import type { LiveText } from "./live-text.js";
import type { Messenger } from "./messenger.js";
import { DeclinedError, loadDefault, prepareModel } from "./models.js";
import type { Passage } from "./passage.js";
import type { PlayerView } from "./player-view.js";
import { Reading } from "./reading.js";
import { sidecarSettings, speechSettings } from "./settings.js";
import { shownOf } from "./shown.js";
import type { SidecarHost } from "./sidecar-host.js";
import type { Heard } from "./timeline.js";
import type { Outcome, SpeechOptions, SpokenSentence, Status } from "./types.js";

/** What to read. */
export interface Job {
  text: LiveText;
  /** Where in the text to begin. */
  start: number;
  /** Where the text is, if it is from a document. */
  source?: { document: vscode.TextDocument; passage: Passage };
  /** What counts more than the settings. */
  options: SpeechOptions;
}

export interface NarratorParts {
  host: SidecarHost;
  player: PlayerView;
  highlighter: Highlighter;
  messenger: Messenger;
}

/** A job that is being done. */
interface Turn {
  job: Job;
  /** Ends what is waited for before the reading begins. */
  abort: AbortController;
  reading?: Reading;
  done: Promise<Outcome>;
  finish(outcome: Outcome): void;
  fail(error: unknown): void;
}

const NOTHING: Heard = { sentence: undefined, word: undefined };
const UNHEARD: Outcome = { finished: false, heardMs: 0, heardText: "" };

export class Narrator implements vscode.Disposable {
  status: Status = "idle";
  heard = NOTHING;
  #turn: Turn | undefined;
  #hasDocument = false;
  readonly #onStatus = new vscode.EventEmitter<Status>();
  readonly #onSentence = new vscode.EventEmitter<SpokenSentence | undefined>();
  readonly onDidChangeStatus = this.#onStatus.event;
  readonly onDidChangeSentence = this.#onSentence.event;

  constructor(readonly parts: NarratorParts) {}

  get reading(): Reading | undefined {
    return this.#turn?.reading;
  }

  get isIdle(): boolean {
    return this.#turn === undefined;
  }

  /**
   * Read a text, in place of what is being read; resolve when it has been heard, or was stopped.
   *
   * @throws Error if it cannot be read. The person has been told then.
   */
  async read(job: Job): Promise<Outcome> {
    this.stop();
    const done = Promise.withResolvers<Outcome>();
    const { promise, resolve, reject } = done;
    const turn: Turn = { job, abort: new AbortController(), done: promise, finish: resolve, fail: reject };
    this.#turn = turn;
    if (job.source) this.parts.highlighter.begin(job.source.document, job.source.passage);
    this.update();
    // What happens to a turn that was stopped is of no interest any more.
    this.#speak(turn).catch(turn.fail);
    try {
      const outcome = await promise;
      if (this.#turn === turn) this.parts.highlighter.clear();
      return outcome;
    } catch (error) {
      throw this.#report(turn, error);
    } finally {
      this.#leave(turn);
    }
  }

  stop(): void {
    const turn = this.#turn;
    if (!turn) return;
    this.#turn = undefined;
    turn.abort.abort();
    if (turn.reading) turn.reading.stop();
    else turn.job.text.close().catch(() => {});
    turn.finish(turn.reading?.outcome ?? UNHEARD);
    this.parts.highlighter.clear();
    this.update();
  }

  /** End what is being read with an error. */
  fail(error: unknown): void {
    this.#turn?.fail(error);
  }

  /** End the sidecar and start it again; go on reading, if something is being read. */
  async restart(): Promise<void> {
    const job = this.#detach();
    await this.parts.host.end();
    if (job)
      await this.read(job).catch(() => {}); // The person has been told.
    else await this.parts.host.use(async () => {});
  }

  /** Begin the present sentence again, after all that a reading begins with: another model has to be prepared. */
  async again(): Promise<void> {
    const job = this.#detach();
    if (job) await this.read(job).catch(() => {});
  }

  /** Tell everybody what is going on now. */
  update(): void {
    const heard = this.reading?.heard ?? NOTHING;
    const isOther = heard.sentence !== this.heard.sentence;
    this.heard = heard;
    this.#setStatus(this.#statusNow());
    const { player, highlighter } = this.parts;
    player.show(shownOf(this.status, heard, this.#options()));
    highlighter.show(heard);
    if (isOther) this.#onSentence.fire(heard.sentence);
  }

  dispose(): void {
    this.stop();
    this.#onStatus.dispose();
    this.#onSentence.dispose();
  }

  async #speak(turn: Turn): Promise<void> {
    const { host, player, messenger } = this.parts;
    const opening = player.open();
    opening.catch(() => {}); // It is awaited below; the start may fail first.
    await host.use(async (sidecar) => {
      await opening;
      turn.abort.signal.throwIfAborted();
      const { model } = this.#options(turn);
      const ask = (text: string, yes: string) => messenger.ask(text, yes);
      if (model) await prepareModel(sidecar, model, ask, turn.abort.signal);
      else if (sidecarSettings().args.some((word) => /^--model(=|$)/.test(word))) {
        await loadDefault(sidecar, turn.abort.signal);
      }
      turn.abort.signal.throwIfAborted();
      await this.#listen(turn, sidecar);
    });
  }

  /** Read, and wait for the end, however it comes. */
  async #listen(turn: Turn, sidecar: Sidecar): Promise<void> {
    const reading: Reading = new Reading({
      text: turn.job.text,
      start: turn.job.start,
      speaker: sidecar,
      params: () => this.#params(turn),
      sound: this.parts.player,
      onChange: () => this.#turn === turn && this.update(),
      onEnd: (error) => (error === undefined ? turn.finish(reading.outcome) : turn.fail(error)),
    });
    turn.reading = reading;
    reading.start();
    await turn.done.catch(() => {});
  }

  /** Tell the person what went wrong, and offer to go on; return the error for the caller. */
  #report(turn: Turn, error: unknown): Error {
    const { highlighter, messenger } = this.parts;
    const { reading, job } = turn;
    const start = reading?.place ?? job.start;
    reading?.halt();
    if (error instanceof DeclinedError) {
      highlighter.clear();
      job.text.close().catch(() => {});
      return new Error("The model was not downloaded.");
    }
    messenger.log.error(asError(error).message);
    const fault = describe(error, { setting: sidecarSettings().command, variable: process.env.QWEN_TTS_SIDECAR });
    highlighter.show(NOTHING); // It follows the edits until it is known whether the reading goes on.
    const answered = messenger.error(fault).then(async (action) => {
      if (action === "restart") return void (await this.read({ ...job, start }).catch(() => {}));
      if (this.isIdle) highlighter.clear();
      await job.text.close();
    });
    answered.catch((problem: unknown) => messenger.log.error(asError(problem)));
    return new Error(fault.text, { cause: error });
  }

  #leave(turn: Turn): void {
    if (this.#turn !== turn) return;
    this.#turn = undefined;
    this.update();
  }

  /** End what is being read, and leave its text open; return what would go on with it. */
  #detach(): Job | undefined {
    const turn = this.#turn;
    if (!turn) return undefined;
    const { job, reading } = turn;
    this.#turn = undefined;
    turn.abort.abort();
    reading?.halt();
    turn.finish(reading?.outcome ?? UNHEARD);
    return { ...job, start: reading?.place ?? job.start };
  }

  #statusNow(): Status {
    if (!this.#turn) return "idle";
    const { reading } = this.#turn;
    if (reading?.isPaused) return "paused";
    if (reading && this.parts.player.isBlocked) return "blocked";
    return reading?.isHeard ? "speaking" : "starting";
  }

  #setStatus(status: Status): void {
    const hasDocument = this.#turn?.job.source !== undefined;
    if (hasDocument !== this.#hasDocument)
      void vscode.commands.executeCommand("setContext", "qwenTts.hasDocument", hasDocument);
    this.#hasDocument = hasDocument;
    if (status === this.status) return;
    this.status = status;
    void vscode.commands.executeCommand("setContext", "qwenTts.status", status);
    this.#onStatus.fire(status);
  }

  #options(turn = this.#turn): SpeechOptions {
    return { ...speechSettings(turn?.job.source?.document), ...turn?.job.options };
  }

  #params(turn: Turn): LiveSpeechParams {
    const { speed, ...options } = this.#options(turn);
    const highlight = vscode.workspace.getConfiguration("qwenTts", turn.job.source?.document).get("highlight", "word");
    return { ...options, speed: speed === 1 ? undefined : speed, timing: highlight === "word" ? "word" : "sentence" };
  }
}

const asError = (error: unknown) => (error instanceof Error ? error : new Error(String(error)));
