// Another extension, which runs what tests send in the real extension host.

const { join } = require("node:path");
const vscode = require("vscode");
const { serve } = require("./rpc.cjs");

const EXTENSION = "qwen-tts-sidecar.qwen-tts";
const activate = () => vscode.extensions.getExtension(EXTENSION).activate();

/** The steps of what is heard and highlighted since `observe` was called. */
let steps = [];
let timer;

const numbers = ({ start, end }) => [start.line, start.character, end.line, end.character];

async function observe() {
  const api = await activate();
  clearInterval(timer);
  steps = [];
  let last = "";
  timer = setInterval(() => {
    const { status, sentence, word, highlighted } = api;
    const ranges = { sentences: highlighted?.sentence.map(numbers), words: highlighted?.word.map(numbers) };
    const step = JSON.stringify({ status, sentence, word, ...ranges });
    if (step !== last) steps.push((last = step));
  }, 10);
}

/** Show a file with a selection, each end of which is a line and a column. */
async function show({ file, first, last }) {
  const document = await vscode.workspace.openTextDocument(file);
  const editor = await vscode.window.showTextDocument(document, { preview: false });
  editor.selection = new vscode.Selection(new vscode.Position(...first), new vscode.Position(...last));
}

exports.activate = async ({ subscriptions }) => {
  const path = join(process.env.TEST_SOCKETS, `${process.pid}.socket`);
  const getSteps = () => steps.map((step) => JSON.parse(step));
  const server = await serve(path, { vscode, process, activate, observe, getSteps, show });
  subscriptions.push({ dispose: () => server.close() });
};
