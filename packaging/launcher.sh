#!/bin/sh
# Starts the sidecar of this tree. Only builtins are used, but for readlink where the launcher is
# called through a symbolic link, so that neither PATH nor any other variable is needed.
self=$0
while [ -h "$self" ]; do
    target=$(command -p readlink "$self") || exit 127
    case $target in
        /*) self=$target ;;
        *) self=${self%/*}/$target ;;
    esac
done
# -I: no variable, no folder of the user or of the caller reaches the interpreter. -B: the tree is
# never written to, which would break its signature. `exec`: signals and exit codes are Python's.
exec "${self%/*}/../python/bin/python3" -I -B -X utf8 -m sidecar "$@"
