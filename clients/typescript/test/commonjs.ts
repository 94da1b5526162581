// What is run as CommonJS: a module format changes what is loaded and how, not what it does then.

import "./core/framing.js";
import "./core/parts.js";
import "./core/calls.js";
