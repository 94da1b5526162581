import assert from "node:assert/strict";
import { test } from "node:test";
import * as client from "qwen-tts-sidecar";
import { describe } from "../src/faults.js";

const NOWHERE = { setting: undefined, variable: undefined };
const told = (error: unknown, named = NOWHERE as { setting?: string; variable?: string }) => {
  const { setting, variable } = named;
  return describe(error, { setting, variable }, "linux");
};

/** Return the error of the client's own search. */
async function searched(command: string | undefined, PATH = ""): Promise<unknown> {
  const before = { ...process.env };
  try {
    Object.assign(process.env, { PATH, HOME: "/nonexistent" });
    delete process.env.QWEN_TTS_SIDECAR;
    await client.createSidecar({ command, cwd: "/" }).then((tts) => tts.close());
  } catch (error) {
    return error;
  } finally {
    process.env = before;
  }
  return assert.fail("it was found");
}

test("a program that a setting names and that is not there is named in words", async () => {
  const error = await searched("/nonexistent/qwen-tts-sidecar");
  const { text, actions } = told(error, { setting: "/nonexistent/qwen-tts-sidecar" });
  assert.equal(
    text,
    "The setting qwenTts.sidecarPath names “/nonexistent/qwen-tts-sidecar”, which cannot be used: " +
      "there is no such program, or it cannot be executed.",
  );
  assert.deepEqual(actions, ["choose", "install", "log"]);
});

test("a folder that a setting names is said to be one", async () => {
  const error = await searched("/");
  assert.match(told(error, { setting: "/" }).text, /which cannot be used: \/ is a folder\.$/);
});

test("without any sidecar, the person learns how to install one", () => {
  const { text, actions } = told(new client.SidecarNotFoundError("No sidecar was found.", ["/a"]));
  assert.match(text, /^The program that speaks, qwen-tts-sidecar, was not found\. Install it/);
  assert.deepEqual(actions, ["install", "choose", "log"]);
  assert.match(
    told(new client.SidecarNotFoundError("", ["x"]), { variable: "/v" }).text,
    /^The environment variable QWEN_TTS_SIDECAR names/,
  );
});

test("a crash is told with its signal or exit code, and a restart is offered", () => {
  const killed = told(new client.SidecarExitedError(null, "SIGKILL", "the last line\nof the log"));
  assert.deepEqual(killed, {
    text: "The sidecar ended by SIGKILL, and the reading stopped.",
    actions: ["restart", "log"],
  });
  assert.match(told(new client.SidecarExitedError(70, null, "")).text, /with exit code 70, and/);
  const silent = new client.SidecarExitedError(null, "SIGKILL", "", " The client killed it: it did not answer.");
  assert.match(told(silent).text, /stopped\. The client killed it: it did not answer\.$/);
});

test("a refusal of the sidecar leads to what can be changed", () => {
  const refused = (type: string) =>
    told(new client.SidecarResponseError("No voice x.", 1003, type, "voice", "There is y."));
  assert.deepEqual(refused("unknownVoice"), { text: "No voice x. There is y.", actions: ["voice", "log"] });
  assert.deepEqual(refused("diskFull").actions, ["model", "log"]);
  assert.deepEqual(refused("missingPackage").actions, ["settings", "log"]);
  assert.deepEqual(refused("queueFull").actions, ["log"]);
  assert.deepEqual(refused("sidecarExited").actions, ["restart", "log"]);
});

test("on Windows, WSL is mentioned", () => {
  const error = new client.SidecarPlatformError("The sidecar does not run on Windows.", "win32-x64");
  assert.match(describe(error, { setting: undefined, variable: undefined }, "win32").text, /inside WSL/);
  assert.doesNotMatch(told(error).text, /WSL/);
});

test("any other error is one line", () => {
  assert.deepEqual(told(new Error("a\nb")), { text: "a", actions: ["log"] });
  assert.equal(told("text").text, "text");
});
