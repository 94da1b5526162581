// The settings of the person. package.json says which of them a workspace may change.

import { homedir } from "node:os";
import { join } from "node:path";
import * as vscode from "vscode";
import { targetOf } from "./target.js";
import type { SpeechOptions } from "./types.js";

/** How the sidecar is reached. */
export interface SidecarSettings {
  command: string | undefined;
  args: string[];
  bridge: { url: string; tokenFile: string } | undefined;
}

const SIDECAR = ["sidecarPath", "sidecarArgs", "bridge"].map((name) => `qwenTts.${name}`);

export function sidecarSettings(): SidecarSettings {
  const settings = vscode.workspace.getConfiguration("qwenTts");
  const url = settings.get("bridge.url", "").trim();
  return {
    command: fromHome(settings.get("sidecarPath", "").trim()) || undefined,
    args: settings.get<string[]>("sidecarArgs", []),
    bridge: url ? { url, tokenFile: fromHome(settings.get("bridge.tokenFile", "").trim()) } : undefined,
  };
}

/** Return whether a change concerns how the sidecar is reached. */
export const concernsSidecar = (change: vscode.ConfigurationChangeEvent) =>
  SIDECAR.some((name) => change.affectsConfiguration(name));

/** Return how to speak; `scope` is the document, whose language may have settings of its own. */
export function speechSettings(scope: vscode.TextDocument | undefined): SpeechOptions {
  const settings = vscode.workspace.getConfiguration("qwenTts", scope);
  const text = (name: string) => settings.get(name, "").trim() || undefined;
  return {
    voice: text("voice"),
    model: text("model"),
    language: text("language"),
    instruct: text("instruct"),
    speed: settings.get("speed", 1),
  };
}

export const idleMs = () => vscode.workspace.getConfiguration("qwenTts").get("idleMinutes", 10) * 60_000;

const TARGETS = {
  global: vscode.ConfigurationTarget.Global,
  workspace: vscode.ConfigurationTarget.Workspace,
  workspaceFolder: vscode.ConfigurationTarget.WorkspaceFolder,
};

/** Change a setting where it counts for a document. */
export async function change(
  name: "voice" | "model" | "speed",
  value: string | number | undefined,
  scope: vscode.TextDocument | undefined,
): Promise<void> {
  const settings = vscode.workspace.getConfiguration("qwenTts", scope);
  const { place, isForLanguage } = targetOf(settings.inspect(name) ?? {});
  await settings.update(name, value, TARGETS[place], isForLanguage);
}

function fromHome(path: string): string {
  return path.startsWith("~/") ? join(homedir(), path.slice(2)) : path;
}
