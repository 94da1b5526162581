import { Sidecar, START } from "./client.js";
import type { SidecarOptions } from "./options.js";
import { ProcessConnector } from "./process-connector.js";

/**
 * Find the sidecar, start its process, and wait until it answers.
 *
 * @throws {@link SidecarPlatformError} if the sidecar cannot run on this machine; the message says what to do instead.
 * @throws {@link SidecarNotFoundError} if there is no sidecar; `looked` lists the places that were searched.
 * @throws {@link SidecarStartError} if the process cannot be started or does not answer in time.
 * @throws {@link SidecarExitedError} if the process ends before it answers.
 * @throws {@link SidecarVersionError} if it speaks another version of the protocol.
 * @throws {@link SidecarProtocolError} if it is another program.
 * @throws {@link SidecarError} if a number among the options is invalid.
 *
 * @example
 * ```ts
 * import { createSidecar } from "qwen-tts-sidecar";
 *
 * const sidecar = await createSidecar({ onLog: (line) => console.error(line) });
 * const wav = await sidecar.synthesize({ text: "Hello there." }).toWav();
 * await sidecar.close();
 * ```
 */
export async function createSidecar(options: SidecarOptions = {}): Promise<Sidecar> {
  const sidecar = new Sidecar(new ProcessConnector(options), options, options.onLog);
  await sidecar[START]();
  return sidecar;
}
