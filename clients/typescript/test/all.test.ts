// One file, so that one sidecar serves all that do not ask for their own.

import "./quick.js";
import "./core/ending.js";
