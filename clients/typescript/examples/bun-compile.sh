# Compiles the server into one program, with the sidecar beside it: `sh bun-compile.sh [FOLDER]`, by default into dist
# beside this file. The folder can then be moved or copied; it needs neither Bun nor Node nor Python.
# SIDECAR is the folder of the sidecar, by default the npm package of this platform.
set -e
cd "$(dirname "$0")"
out="${1:-dist}"
sidecar="${SIDECAR:-../node_modules/@qwen-tts-sidecar/$(node -p 'process.platform + "-" + process.arch')}"
if [ ! -x "$sidecar/bin/qwen-tts-sidecar" ]; then
    echo "There is no sidecar in $sidecar: install its npm package, or set SIDECAR to a folder that \`make bundle\` wrote." >&2
    exit 1
fi
bun build --compile bun-server.ts --outfile "$out/speech-server"
mkdir -p "$out/qwen-tts-sidecar"
cp -R "$sidecar/." "$out/qwen-tts-sidecar"
