#!/usr/bin/env bash
# Builds the speed-ups with gcc's sanitizers and every warning, and runs the tests that go through them.
set -euo pipefail
cd "$(dirname "$0")/.."

python=.venv/bin/python
for library in libasan.so libubsan.so; do
    [ -f "$(gcc -print-file-name=$library)" ] || { echo "gcc has no $library here"; exit 1; }
done
built=$(mktemp -d)
trap 'rm -rf "$built"' EXIT
mkdir "$built/lymer_sdk_speedups"
cp speedups/src/lymer_sdk_speedups/__init__.py "$built/lymer_sdk_speedups/"
include=$($python -c 'import sysconfig; print(sysconfig.get_path("include"))')
suffix=$($python -c 'import sysconfig; print(sysconfig.get_config_var("EXT_SUFFIX"))')
gcc -std=c11 -g -O1 -Wall -Wextra -Werror -Wno-unused-parameter -Wno-missing-field-initializers -Wno-cast-function-type \
    -fno-omit-frame-pointer -fno-strict-aliasing -fsanitize=address,undefined -fno-sanitize-recover=undefined -shared -fPIC \
    "-I$include" speedups/c/*.c -o "$built/lymer_sdk_speedups/_native$suffix"

# The interpreter's own small leaks are not what is looked for; its allocator would hide what is.
export LD_PRELOAD="$(gcc -print-file-name=libasan.so) $(gcc -print-file-name=libubsan.so)"
export ASAN_OPTIONS=detect_leaks=0 PYTHONMALLOC=malloc PYTHONPATH="$built"
$python -m pytest -q -p no:cacheprovider -m 'not slow' \
    tests/test_{speedups,span,scope,tracer,otlp,sampling,reporter,open_spans,opentracing,trace_context}.py tests/middleware/test_asgi.py
