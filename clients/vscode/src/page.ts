// The page of the webview. It may run one script and one worklet, and load one style sheet; nothing else.

export interface PageOptions {
  script: string;
  worklet: string;
  style: string;
  nonce: string;
}

/** Return an address as a source of a Content-Security-Policy, in which commas and semicolons separate. */
const asSource = (url: string) => url.replace(/[?#].*$/, "").replaceAll(";", "%3B").replaceAll(",", "%2C");

const escape = (text: string) => text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");

export function policy({ worklet, style, nonce }: PageOptions): string {
  // A worklet is loaded by its address and cannot have a nonce.
  return `default-src 'none'; script-src 'nonce-${nonce}' ${asSource(worklet)}; style-src ${asSource(style)}`;
}

export function page(options: PageOptions): string {
  const { script, worklet, style, nonce } = options;
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta http-equiv="Content-Security-Policy" content="${escape(policy(options))}" />
    <title>Player</title>
    <link rel="stylesheet" href="${escape(style)}" />
  </head>
  <body data-worklet="${escape(worklet)}">
    <button id="hear" hidden>Click to hear</button>
    <p id="status" role="status">Nothing is being read.</p>
    <p id="sentence"></p>
    <div id="controls" role="group" aria-label="Reading">
      <button id="previous" aria-label="Previous sentence" disabled>Back</button>
      <button id="togglePause" disabled>Pause</button>
      <button id="next" aria-label="Next sentence" disabled>Next</button>
      <button id="stop" disabled>Stop</button>
    </div>
    <p id="how"></p>
    <script nonce="${nonce}" src="${escape(script)}"></script>
  </body>
</html>
`;
}
