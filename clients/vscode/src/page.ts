// The page of the webview. It may load the scripts and the style sheet of dist/webview, and nothing else.

export interface PageOptions {
  script: string;
  worklet: string;
  style: string;
  /** Where the extension's own files come from, as VS Code says it (`webview.cspSource`). */
  files: string;
  nonce: string;
}

const escape = (text: string) => text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");

export function policy({ files, nonce }: PageOptions): string {
  // A worklet cannot have a nonce. Its own address cannot be a source, since its host has a plus sign.
  return `default-src 'none'; script-src 'nonce-${nonce}' ${files}; style-src ${files}`;
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
