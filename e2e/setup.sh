#!/usr/bin/env bash
# Installs other people's clients at fixed versions into ~/.cache/lymer-e2e. What is there already is left alone.
set -euo pipefail
cd "$(dirname "$0")"
CACHE="${LYMER_E2E_CACHE:-$HOME/.cache/lymer-e2e}"
CONTRIB=v0.161.0
COLLECTOR=v0.161.0
need() { command -v "$1" >/dev/null || { echo "e2e/setup.sh: $1 is missing; $2" >&2; exit 1; }; }
need go "Go 1.25 or later builds telemetrygen and the Collector: https://go.dev/dl/"
need node "Node 20 or later runs the JavaScript client: https://nodejs.org/"
need npm "it comes with Node"
mkdir -p "$CACHE/bin"

# --- Python: the OpenTelemetry SDK with instrumentations, in an environment of its own ---------------------------------
stamp="$CACHE/python/.$(sha256sum clients/requirements.txt | cut -c1-16)"
if [ ! -f "$stamp" ]; then
    rm -rf "$CACHE/python"
    "${PYTHON:-python3}" -m venv "$CACHE/python"
    "$CACHE/python/bin/pip" install --quiet --disable-pip-version-check -r clients/requirements.txt
    touch "$stamp"
fi

# --- Node: the SDK that sends OTLP JSON -------------------------------------------------------------------------------
stamp="$CACHE/node/.$(cat clients/package.json clients/package-lock.json | sha256sum | cut -c1-16)"
if [ ! -f "$stamp" ]; then
    rm -rf "$CACHE/node" && mkdir -p "$CACHE/node"
    cp clients/package.json clients/package-lock.json "$CACHE/node/"
    (cd "$CACHE/node" && npm ci --ignore-scripts --no-audit --no-fund --silent)
    touch "$stamp"
fi

# --- Go: telemetrygen and a Collector with nothing but OTLP -----------------------------------------------------------
if [ ! -x "$CACHE/bin/telemetrygen-$CONTRIB" ]; then
    GOBIN="$CACHE/bin" go install "github.com/open-telemetry/opentelemetry-collector-contrib/cmd/telemetrygen@$CONTRIB"
    mv "$CACHE/bin/telemetrygen" "$CACHE/bin/telemetrygen-$CONTRIB"
fi
if [ ! -x "$CACHE/bin/otelcol-$COLLECTOR" ]; then
    GOBIN="$CACHE/bin" go install "go.opentelemetry.io/collector/cmd/builder@$COLLECTOR"
    build="$(mktemp -d)"
    sed "s|@OUT@|$build|" collector/builder.yaml > "$build/builder.yaml"
    "$CACHE/bin/builder" --config "$build/builder.yaml" > "$build/log" 2>&1 || { tail -20 "$build/log"; exit 1; }
    mv "$build/otelcol-lymer" "$CACHE/bin/otelcol-$COLLECTOR"
    rm -rf "$build" "$CACHE/bin/builder"
fi
ln -sf "telemetrygen-$CONTRIB" "$CACHE/bin/telemetrygen"
ln -sf "otelcol-$COLLECTOR" "$CACHE/bin/otelcol"
