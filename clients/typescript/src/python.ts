import { execFile } from "node:child_process";
import { startError } from "./start-error.js";

/** Other Python packages are named `sidecar`, too; `-P` ignores those in the app's own folder. */
export const PYTHON_ARGS = ["-P", "-m", "sidecar"];

/**
 * Finds out where Python would import `sidecar` from, and whether that belongs to the distribution
 * qwen-tts-sidecar, installed or editable. It does not run the package.
 */
const PROBE = `
import json
from importlib import metadata, util
from pathlib import Path
from urllib.parse import unquote, urlsplit
spec = util.find_spec("sidecar")
found = spec and (spec.origin or str(list(spec.submodule_search_locations or [])))
try:
    ours = metadata.distribution("qwen-tts-sidecar")
    source = json.loads(ours.read_text("direct_url.json") or "{}")
    editable = source.get("dir_info", {}).get("editable", False)
    folder = unquote(urlsplit(source["url"]).path) if editable else ours.locate_file("")
    home = Path(folder).resolve()
    is_ours = bool(found) and Path(found).resolve() == home / "sidecar" / "__init__.py"
except metadata.PackageNotFoundError:
    is_ours = False
print(json.dumps({"found": found, "isOurs": is_ours}))
`;

export interface PythonProbe {
  file: string;
  cwd: string;
  env: NodeJS.ProcessEnv;
  timeoutMs: number;
}

/** Return why `python3 -m sidecar` is not the sidecar, or undefined if it is. */
export function whyNotSidecar({ file, cwd, env, timeoutMs }: PythonProbe): Promise<string | undefined> {
  return new Promise((resolve) => {
    const done = (error: Error | null, stdout: string, stderr: string) => {
      if (error) return resolve(failure(error, stderr));
      try {
        // Python may have printed other lines before.
        const { found, isOurs } = JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
        if (isOurs) resolve(undefined);
        else resolve(found ? `finds another package of that name, ${found}` : "has no such module");
      } catch {
        resolve(`said ${JSON.stringify(stdout.slice(0, 200))}`);
      }
    };
    const failure = (error: Error & { killed?: boolean }, stderr: string) => {
      if (error.killed) return `did not answer in ${timeoutMs} ms`;
      if (typeof (error as NodeJS.ErrnoException).code === "string") return startError(error, file, cwd).message;
      if (/^unknown option:? -P$/im.test(stderr)) return "is older than Python 3.11";
      return `failed: ${stderr.trim().split("\n").at(-1)}`;
    };
    try {
      execFile(file, ["-P", "-c", PROBE], { cwd, env, timeout: timeoutMs, killSignal: "SIGKILL" }, done);
    } catch (error) {
      resolve(startError(error, file, cwd).message);
    }
  });
}
