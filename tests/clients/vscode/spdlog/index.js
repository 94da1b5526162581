// In place of VS Code's native writer of log files, without which output channels stay empty, and
// which takes half a minute to compile. What is logged is appended to the file at once.

const { appendFileSync, mkdirSync } = require("node:fs");
const { dirname } = require("node:path");

exports.version = 0;
exports.setLevel = () => {};
exports.setFlushOn = () => {};

class Logger {
  constructor(type, name, file) {
    this.level = 0;
    this.prefix = true;
    this.file = file;
    mkdirSync(dirname(file), { recursive: true });
    appendFileSync(file, "");
  }
  getLevel() {
    return this.level;
  }
  setLevel(level) {
    this.level = level;
  }
  setPattern() {}
  clearFormatters() {
    this.prefix = false; // An output channel's text is written as it is.
  }
  flush() {}
  drop() {}
}

for (const [level, name] of ["trace", "debug", "info", "warn", "error", "critical"].entries()) {
  Logger.prototype[name] = function (message) {
    if (level < this.level) return;
    const line = this.prefix ? `${new Date().toISOString()} [${name}] ${message}\n` : message;
    appendFileSync(this.file, line);
  };
}

exports.Logger = Logger;
exports.createRotatingLogger = async (name, file) => new Logger("rotating", name, file);
exports.createAsyncRotatingLogger = async (name, file) => new Logger("rotating_async", name, file);
