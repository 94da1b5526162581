/// <reference lib="esnext.disposable" preserve="true" />

export { OPENAI_MODELS, OPENAI_VOICES, openaiVoices, type NamedVoice, type OpenAIVoice } from "./openai/aliases.js";
export { openaiHandler, type Handler } from "./openai/handler.js";
export { toNodeListener, type NodeRequest, type NodeResponse } from "./openai/node.js";
export type { OpenAIOptions, SpeechEngine } from "./openai/options.js";
