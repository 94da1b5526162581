import { cpus, release } from "node:os";

/** The platforms that have an npm package with the whole sidecar, in npm's spelling. */
export const PACKAGED: readonly string[] = ["darwin-arm64", "linux-x64"];
/** The platforms that MLX has wheels for: on these, pip can install the sidecar. */
const SUPPORTED: readonly string[] = [...PACKAGED, "linux-arm64"];

/** The oldest system that MLX's wheels run on: macOS 14, whose kernel is Darwin 23, and glibc 2.35. */
const DARWIN = 23;
const GLIBC = [2, 35] as const;

/** What decides whether the sidecar runs on a machine. */
export interface Machine {
  /** Operating system and processor of this process, e.g. `"linux-x64"`. */
  platform: string;
  /** Version of the kernel, e.g. `"23.1.0"`. */
  release: string;
  /** Version of glibc; null if Linux has another C library; undefined if that is unknown, or this is not Linux. */
  glibc?: string | null;
  /** Whether the processor is Apple's, even if this process was built for Intel. */
  isApple: boolean;
}

/** Return what is known about this machine. Nothing is started for that. */
export function thisMachine(): Machine {
  return {
    platform: `${process.platform}-${process.arch}`,
    release: release(),
    glibc: process.platform === "linux" ? glibcVersion() : undefined,
    isApple: process.platform === "darwin" && /Apple/.test(cpus()[0]?.model ?? ""),
  };
}

function glibcVersion(): string | null | undefined {
  // `excludeNetwork` is missing from the types of older Nodes. Without it the report looks up a name for each socket.
  const report = process.report as (NodeJS.ProcessReport & { excludeNetwork?: boolean }) | undefined;
  if (!report) return undefined;
  const before = report.excludeNetwork;
  report.excludeNetwork = true;
  try {
    const { header } = report.getReport() as { header?: { glibcVersionRuntime?: string } };
    return header && (header.glibcVersionRuntime ?? null);
  } finally {
    report.excludeNetwork = before ?? false;
  }
}

/** Return the npm package that has the sidecar for a platform, or undefined if there is none. */
export function packageFor({ platform }: Machine): string | undefined {
  return PACKAGED.includes(platform) ? `@qwen-tts-sidecar/${platform}` : undefined;
}

const ELSEWHERE =
  "run it on Linux or on a Mac with Apple silicon, and call it there through OpenAI's speech API, as the README of " +
  'qwen-tts-sidecar describes under "From another machine".';
const NEWER = "use a system such as Debian 12 or Ubuntu 22.04, in a container for instance.";

/** Return one sentence on why the sidecar cannot run on a machine and what to do instead, or undefined if it can. */
export function whyUnsupported(machine: Machine): string | undefined {
  const { platform, isApple, glibc } = machine;
  if (platform.startsWith("win32-")) return `The sidecar does not run on Windows: ${ELSEWHERE}`;
  if (platform === "darwin-x64") {
    if (!isApple) return `The sidecar does not run on Macs with an Intel processor: ${ELSEWHERE}`;
    return (
      "This program was built for Intel processors and runs under Rosetta, where npm installs no sidecar: " +
      "use Node, Bun or Electron for Apple silicon (arm64)."
    );
  }
  if (!SUPPORTED.includes(platform)) return `The sidecar does not run on ${platform}: ${ELSEWHERE}`;
  if (platform.startsWith("darwin-") && Number.parseInt(machine.release) < DARWIN) {
    return `The sidecar needs macOS 14 or newer, and this is an older one: update it, or ${ELSEWHERE}`;
  }
  if (glibc === null) return `The sidecar does not run on Linux without glibc, such as Alpine: ${NEWER}`;
  if (glibc && isOlder(glibc)) return `The sidecar needs glibc ${GLIBC.join(".")} or newer, and here it is ${glibc}: ${NEWER}`;
  return undefined;
}

function isOlder(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major < GLIBC[0] || (major === GLIBC[0] && minor < GLIBC[1]);
}
