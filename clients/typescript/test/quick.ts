// What is run as CommonJS: everything but the processes that die, which no module format changes.

import "./core/framing.js";
import "./core/parts.js";
import "./core/calls.js";
import "./core/speech.js";
import "./core/text.js";
