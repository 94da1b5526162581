// The tests that run as CommonJS: the module format changes which files are loaded and how, not their behaviour.

import "./core/framing.js";
import "./core/parts.js";
import "./core/calls.js";
