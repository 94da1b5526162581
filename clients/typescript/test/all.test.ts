// One file, so that one sidecar serves all that do not ask for their own.

import "./core/framing.js";
import "./core/parts.js";
import "./core/calls.js";
import "./core/speech.js";
import "./core/text.js";
import "./core/ending.js";
import "./core/broken.js";
import "./core/locate.js";
import "./core/messages.js";
