/// <reference lib="esnext.disposable" preserve="true" />

export { createSidecar } from "./create.js";
export * from "./remote.js";
