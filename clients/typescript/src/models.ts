import type { Caller } from "./connection.js";
import { callLater } from "./emitter.js";
import type * as options from "./options.js";
import type * as protocol from "./protocol.gen.js";

/** Models: list, load, unload, delete. `sidecar.models` is one. */
export class Models {
  /** @internal */
  readonly call: Caller;
  /** @internal */
  readonly report: (event: options.ModelProgressEvent) => void;

  /** @internal */
  constructor(call: Caller, report: (event: options.ModelProgressEvent) => void) {
    this.call = call;
    this.report = report;
  }

  /**
   * List the models that can be loaded by name: the bundled one, the catalogue, and others on this
   * machine. The network is not used.
   *
   * @throws {@link SidecarExitedError} or another {@link SidecarError} if the sidecar cannot answer.
   *
   * @example
   * ```ts
   * for (const { model, state, downloadBytes } of await tts.models.list()) {
   *   console.log(model, state, downloadBytes);
   * }
   * ```
   */
  readonly list = async (options?: options.CallOptions): Promise<protocol.ModelEntry[]> =>
    (await this.listing(options)).models;

  /**
   * List models as `list` does, together with the space that downloaded models take, the free space,
   * and the budget.
   *
   * @throws {@link SidecarExitedError} or another {@link SidecarError} if the sidecar cannot answer.
   *
   * @example
   * ```ts
   * const { usedBytes, freeBytes } = await tts.models.listing();
   * console.log(`Downloaded models take ${usedBytes / 1e9} GB; ${freeBytes / 1e9} GB are free.`);
   * ```
   */
  readonly listing = (options?: options.CallOptions): Promise<protocol.ModelListResult> =>
    this.call("model/list", {}, options);

  /**
   * Load a model into memory, and download it first if necessary. Default: the default model. A speech
   * loads its model by itself; this does it ahead of time. An aborted download keeps what it has
   * received.
   *
   * @throws {@link SidecarResponseError} of the types `unknownModel`, `hubUnreachable`, `diskFull`,
   * `memoryLimitExceeded` and others.
   * @throws {@link SidecarExitedError} or another {@link SidecarError} if the sidecar cannot answer.
   *
   * @example
   * ```ts
   * const { voices, languages } = await tts.models.load("0.6b-customvoice", {
   *   onProgress: ({ message }) => console.log(message),
   * });
   * ```
   */
  readonly load = (
    model: protocol.ModelName | options.LoadParams = {},
    { onProgress, ...options }: options.LoadOptions = {},
  ): Promise<protocol.ModelLoadResult> => {
    const params = typeof model === "string" ? { model } : model;
    return this.call("model/load", params, options, (progress) => {
      callLater(() => onProgress?.(progress));
      this.report({ ...progress, model: params.model ?? undefined });
    });
  };

  /**
   * Remove a model from memory. Its files stay on the disk.
   *
   * @throws {@link SidecarResponseError} of the type `modelInUse` while it speaks, without `wait`; of
   * the type `unknownModel` if it is not loaded.
   * @throws {@link SidecarExitedError} or another {@link SidecarError} if the sidecar cannot answer.
   *
   * @example
   * ```ts
   * await tts.models.unload("0.6b-customvoice", { wait: true });
   * ```
   */
  readonly unload = async (
    model: protocol.ModelName,
    { wait, ...options }: options.UnloadOptions = {},
  ): Promise<void> => {
    await this.call("model/unload", wait ? { model, wait } : { model }, options);
  };

  /**
   * Delete a downloaded model from the disk and from memory, with its partial downloads.
   *
   * @throws {@link SidecarResponseError} of the type `modelInUse` while this process or another one uses or
   * downloads it; of the type `modelNotDownloaded` if it is not in the hub's cache; of the type
   * `unsupported` if it is bundled, a folder, or shipped in a folder of `--models-dir`.
   * @throws {@link SidecarExitedError} or another {@link SidecarError} if the sidecar cannot answer.
   *
   * @example
   * ```ts
   * const { freedBytes } = await tts.models.delete("0.6b-customvoice");
   * ```
   */
  readonly delete = (
    model: protocol.ModelName,
    options?: options.CallOptions,
  ): Promise<protocol.ModelDeleteResult> => this.call("model/delete", { model }, options);
}
