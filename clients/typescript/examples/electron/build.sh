# Bundles the app with Bun: `sh build.sh [FOLDER]`, by default into dist beside this file.
set -e
cd "$(dirname "$0")"
out="${1:-dist}"
bun build main.ts preload.ts speech-process.ts --target=node --format=cjs --external=electron \
    --outdir="$out" --entry-naming='[name].cjs'
bun build renderer.ts ../pcm-worklet.ts --outdir="$out/page" --entry-naming='[name].js'
cp index.html style.css "$out/page/"
