// A macro: Bun calls this function while it loads or bundles the program, and puts the result in place of the call. So
// the script of the AudioWorklet, which cannot be part of the page's bundle, is inside a compiled program, too.

export async function workletScript(): Promise<string> {
  const source = await Bun.file(new URL("pcm-worklet.ts", import.meta.url)).text();
  return new Bun.Transpiler({ loader: "ts" }).transformSync(source);
}
