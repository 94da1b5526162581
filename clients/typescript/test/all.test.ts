// One file, so that all tests that need no sidecar of their own share one.

import "./core/framing.js";
import "./core/parts.js";
import "./core/calls.js";
import "./core/ensure.js";
import "./core/speech.js";
import "./core/text.js";
import "./core/steering.js";
import "./core/websocket.js";
import "./core/ending.js";
import "./core/broken.js";
import "./core/locate.js";
import "./core/platform.js";
import "./core/messages.js";
