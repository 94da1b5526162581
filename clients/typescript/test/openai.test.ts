// The door itself, without a server, and before Node's http. One file, so that one sidecar serves all.
// Browsers, raw connections and the package `openai` are in files of their own.

import "./openai/speech.js";
import "./openai/wording.js";
import "./openai/routes.js";
import "./openai/guard.js";
import "./openai/aliases.js";
import "./openai/loading.js";
import "./openai/recorded.js";
import "./openai/node.js";
