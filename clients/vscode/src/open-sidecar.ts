// Starts the sidecar as the settings say, or connects to the bridge that they name.

import { readFile } from "node:fs/promises";
import { connect, createSidecar, SidecarError, type Sidecar } from "qwen-tts-sidecar";
import type { SidecarSettings } from "./settings.js";

export interface OpenOptions {
  settings: SidecarSettings;
  /** The extension's folder: from there, the npm package and the `.venv` of a checkout are looked for. */
  folder: string;
  version: string;
  onLog(line: string): void;
}

export async function openSidecar({ settings, folder, version, onLog }: OpenOptions): Promise<Sidecar> {
  const clientInfo = { name: "vscode", version };
  const { bridge, command, args } = settings;
  if (bridge) return connect(bridge.url, { token: await readToken(bridge.tokenFile), clientInfo });
  // Not the working folder, which may be a workspace that is not trusted. A crash is shown, and the person decides whether to restart.
  return createSidecar({ command, args, cwd: folder, onLog, clientInfo, restart: false });
}

async function readToken(file: string): Promise<string> {
  if (!file)
    throw new SidecarError("The setting qwenTts.bridge.tokenFile is empty: name the file of the bridge's token.");
  try {
    return (await readFile(file, "utf8")).trim();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SidecarError(`The file that qwenTts.bridge.tokenFile names cannot be read: ${reason}`, { cause: error });
  }
}
