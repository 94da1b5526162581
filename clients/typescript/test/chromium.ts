import { existsSync } from "node:fs";

const BROWSERS = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/google-chrome"];

/** The browser of the tests; `CHROMIUM` names another one. */
export const CHROMIUM = BROWSERS.find((file) => file && existsSync(file)) ?? "chromium";
