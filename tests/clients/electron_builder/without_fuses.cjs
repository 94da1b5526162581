// The example's configuration without the fuses, which only Electron's own program has.
const { readFileSync } = require("node:fs");
const { load } = require("js-yaml");

const { electronFuses, ...config } = load(readFileSync(process.env.CONFIGURATION, "utf8"));
if (!electronFuses) throw new Error("The configuration has no fuses.");
module.exports = config;
