import { connect, type Sidecar } from "qwen-tts-sidecar/connect";

const KEY = "playground-token";
const PAUSE_MS = 1000;

/** Says how the connection is; an empty text means that it is well. */
export type OnConnection = (text: string) => void;

/**
 * Return the token, which is in the address after the #: browsers never send that part. It is taken out of the address,
 * so that it is not in a picture of the screen, and kept for this tab.
 */
function takeToken(): string {
  const given = decodeURIComponent(location.hash.slice(1));
  if (given) {
    sessionStorage.setItem(KEY, given);
    history.replaceState(null, "", location.pathname);
  }
  return given || sessionStorage.getItem(KEY) || "";
}

/** Return why there is no connection. */
async function reason(): Promise<string> {
  const isThere = await fetch(location.pathname, { cache: "no-store" }).then(({ ok }) => ok, () => false);
  return isThere
    ? "The server does not know this page. It was probably started again: open the address that it has printed."
    : "The server does not answer. Trying again …";
}

/** Connect to the server that this page came from, however long that takes, and stay connected. */
export async function open(onConnection: OnConnection): Promise<Sidecar> {
  const token = takeToken();
  if (!token) {
    onConnection("This address has no token. Open the whole address that the command has printed.");
    return new Promise(() => {});
  }
  for (;;) {
    try {
      const sidecar = await connect(`ws://${location.host}/`, {
        token,
        clientInfo: { name: "playground" },
        restart: { maxCrashes: Infinity, firstDelayMs: 300, maxDelayMs: 2000 },
      });
      sidecar.on("exit", ({ willRestart }) => {
        if (willRestart) void reason().then((text) => isLost && onConnection(text));
        isLost = true;
      });
      sidecar.on("restart", () => {
        isLost = false;
        onConnection("");
      });
      let isLost = false;
      onConnection("");
      return sidecar;
    } catch {
      onConnection(await reason());
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}
