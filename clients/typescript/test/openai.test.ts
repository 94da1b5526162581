// The handler itself, without a server and with Node's http. One file, so that all tests share one sidecar. Browsers,
// raw connections and the package `openai` have files of their own.

import "./openai/speech.js";
import "./openai/wording.js";
import "./openai/routes.js";
import "./openai/guard.js";
import "./openai/aliases.js";
import "./openai/loading.js";
import "./openai/recorded.js";
import "./openai/node.js";
