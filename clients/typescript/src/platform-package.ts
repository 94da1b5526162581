import { existsSync, realpathSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { OWN_URL } from "./own-file.js";

/** Where to look for the sidecar's npm package, and for its content in a folder of another name. */
export interface Places {
  /** Files and folders: each `node_modules` beside them or above them is searched. */
  starts: string[];
  /** Folders that may have a copy of the package's content, named `qwen-tts-sidecar`. */
  parents: string[];
}

/** What the process knows about the app; `resourcesPath` is Electron's. */
export interface Host {
  argv: readonly string[];
  execPath: string;
  resourcesPath?: string;
}

/**
 * Return where the package may be. This package's own file comes first; if that was bundled, the package belongs to the
 * app: to its main module, its working folder, Electron's resources, or the folder of a compiled program.
 */
export function usualPlaces(cwd: string, host: Host = process): Places {
  const { resourcesPath, execPath, argv } = host;
  const resources = resourcesPath ? [resourcesPath] : [];
  const app = resources.flatMap((folder) => [join(folder, "app.asar"), join(folder, "app"), folder]);
  const main = argv[1] ? [resolve(argv[1])] : [];
  const program = dirname(execPath);
  return {
    starts: [...new Set([...ownFile(), ...main, cwd, ...app, program])],
    parents: [...resources, program],
  };
}

function ownFile(): string[] {
  try {
    return OWN_URL ? [fileURLToPath(OWN_URL)] : [];
  } catch {
    return []; // A bundler has put something else there.
  }
}

/** Return the folder of a package, or of a copy of its content; undefined if there is none. */
export function findPackage(name: string, places: Places): string | undefined {
  for (const start of places.starts) {
    const folder = underPlugAndPlay(name, start) ?? inNodeModules(name, start);
    if (folder) return folder;
  }
  return copies(places).find((folder) => isCopy(folder));
}

/** Return the folders that may have a copy of the package's content. */
export const copies = (places: Places): string[] => places.parents.map((parent) => join(parent, "qwen-tts-sidecar"));

const isCopy = (folder: string) => existsSync(join(folder, "bin", "qwen-tts-sidecar"));

/**
 * Search as Node does. `require.resolve` itself is not used, since Bun's downloads a package that is not there, in any
 * version and by any publisher.
 */
function inNodeModules(name: string, start: string): string | undefined {
  for (let folder = folderOf(start); ; folder = dirname(folder)) {
    const found = join(folder, "node_modules", name);
    if (existsSync(join(found, "package.json"))) return found;
    if (dirname(folder) === folder) return undefined;
  }
}

/** With Yarn's Plug'n'Play there is no `node_modules`, and only Yarn knows where packages are. */
function underPlugAndPlay(name: string, start: string): string | undefined {
  if (!process.versions.pnp) return undefined;
  try {
    return dirname(createRequire(start).resolve(`${name}/package.json`));
  } catch {
    return undefined;
  }
}

/**
 * Return the real folder of a file, or of a folder: pnpm links packages into `node_modules`, and puts their dependencies
 * beside their real folders.
 */
function folderOf(path: string): string {
  try {
    const real = realpathSync(path);
    return statSync(real).isDirectory() ? real : dirname(real);
  } catch {
    return path;
  }
}

/** Return where a file of an Electron app is on the disk: nothing inside an archive can be executed. */
export const outsideArchive = (path: string): string => path.replace(/\.asar(?=[\\/])/, ".asar.unpacked");
