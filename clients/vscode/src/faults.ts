// What a person is told when something goes wrong, and what they can do then.

import {
  SidecarError,
  SidecarExitedError,
  SidecarNotFoundError,
  SidecarPlatformError,
  SidecarResponseError,
} from "qwen-tts-sidecar";

/** The buttons of messages. */
export const ACTIONS = {
  restart: "Restart",
  install: "How to Install",
  choose: "Choose Program …",
  settings: "Open Settings",
  voice: "Select Voice …",
  model: "Select Model …",
  log: "Show Log",
} as const;
export type Action = keyof typeof ACTIONS;

export interface Fault {
  text: string;
  actions: Action[];
}

/** Which program was named, and where; a search found nothing otherwise. */
export interface Named {
  setting: string | undefined;
  variable: string | undefined;
}

export function describe(error: unknown, named: Named, platform: string = process.platform): Fault {
  if (error instanceof SidecarNotFoundError) return notFound(error, named);
  if (error instanceof SidecarPlatformError)
    return { text: error.message + onWindows(platform), actions: ["settings", "log"] };
  if (error instanceof SidecarExitedError) return exited(error);
  if (error instanceof SidecarResponseError) return { text: oneLine(error.message), actions: forResponse(error.type) };
  if (error instanceof SidecarError) return { text: firstLine(error.message), actions: ["settings", "log"] };
  return { text: firstLine(error instanceof Error ? error.message : String(error)), actions: ["log"] };
}

function notFound(error: SidecarNotFoundError, { setting, variable }: Named): Fault {
  const [source, program] = setting
    ? ["The setting qwenTts.sidecarPath", setting]
    : ["The environment variable QWEN_TTS_SIDECAR", variable];
  if (program) {
    const reason = /\((.*)\)$/.exec(error.looked[0] ?? "")?.[1];
    const why = reason ?? "there is no such program, or it cannot be executed";
    return {
      text: `${source} names “${program}”, which cannot be used: ${why}.`,
      actions: ["choose", "install", "log"],
    };
  }
  const text =
    "The program that speaks, qwen-tts-sidecar, was not found. Install it, or choose where it is. " +
    "The log has the places that were searched.";
  return { text, actions: ["install", "choose", "log"] };
}

function onWindows(platform: string): string {
  if (platform !== "win32") return "";
  return " In a WSL window, this extension can run inside WSL: its page says how, under “Where it runs”.";
}

function exited({ message, exitCode, signal }: SidecarExitedError): Fault {
  if (exitCode === null && signal === null) return { text: firstLine(message), actions: ["restart", "log"] };
  const how = signal ? `by ${signal}` : `with exit code ${exitCode}`;
  const note = /^The sidecar ended [^.]*\.( The client killed it: [^\n]*)?/.exec(message)?.[1] ?? "";
  return { text: `The sidecar ended ${how}, and the reading stopped.${note}`, actions: ["restart", "log"] };
}

function forResponse(type: string): Action[] {
  if (["unknownVoice", "incompatibleVoice", "badVoiceFile"].includes(type)) return ["voice", "log"];
  if (type === "sidecarExited") return ["restart", "log"];
  if (MODEL_FAULTS.has(type)) return ["model", "log"];
  return SETTINGS_FAULTS.has(type) ? ["settings", "log"] : ["log"];
}

const SETTINGS_FAULTS = new Set(["unknownLanguage", "missingPackage"]);

const MODEL_FAULTS = new Set([
  "unknownModel",
  "unknownRevision",
  "modelLoadFailed",
  "notACheckpoint",
  "modelNotDownloaded",
  "hubUnreachable",
  "hubAccessDenied",
  "hubRateLimited",
  "diskFull",
  "budgetExceeded",
  "corruptDownload",
  "modelDamaged",
  "unsupported",
  "outOfMemory",
  "memoryLimitExceeded",
]);

const firstLine = (text: string) => text.split("\n", 1)[0] ?? "";
const oneLine = (text: string) => text.replaceAll("\n", " ");
