// The utility process: it has the client, and starts the sidecar with the first text. One for all windows. A crash here,
// or a busy main process, does not stop the other.

import { createSidecar } from "qwen-tts-sidecar";
import { retrying, serveSpeech } from "./speech.js";

// The main process knows where a packed app has its sidecar.
const program = process.argv[2];
const start = retrying(() => createSidecar({ command: program ? [program] : undefined, onLog: console.error }));

process.parentPort.on("message", ({ ports: [port] }) => {
  if (port) serveSpeech(port, start);
});
