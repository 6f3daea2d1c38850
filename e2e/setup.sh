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
need mvn "Maven 3.6 or later installs the clients for Java: apt-get install maven"
need javac "a JDK 17 or later compiles the programs that use them: apt-get install openjdk-17-jdk-headless"
mkdir -p "$CACHE/bin"

# --- Python: the OpenTelemetry SDK with instrumentations, in an environment of its own ---------------------------------
stamp="$CACHE/python/.$(sha256sum clients/requirements.txt | cut -c1-16)"
if [ ! -f "$stamp" ]; then
    rm -rf "$CACHE/python"
    "${PYTHON:-python3}" -m venv "$CACHE/python"
    "$CACHE/python/bin/pip" install --quiet --disable-pip-version-check -r clients/requirements.txt
    touch "$stamp"
fi

# --- Node: OpenTelemetry's exporters, jaeger-client, Zipkin's -----------------------------------------------------------------------------
stamp="$CACHE/node/.$(cat clients/package.json clients/package-lock.json | sha256sum | cut -c1-16)"
if [ ! -f "$stamp" ]; then
    rm -rf "$CACHE/node" && mkdir -p "$CACHE/node"
    cp clients/package.json clients/package-lock.json "$CACHE/node/"
    (cd "$CACHE/node" && npm ci --ignore-scripts --no-audit --no-fund --silent)
    touch "$stamp"
fi

# --- Go: telemetrygen, a Collector with nothing but OTLP, clients -----------------------------------------------------
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
stamp="$CACHE/bin/.goclients-$(cat clients/go/go.mod clients/go/go.sum clients/go/main.go | sha256sum | cut -c1-16)"
if [ ! -f "$stamp" ]; then
    (cd clients/go && go build -o "$CACHE/bin/goclients" .)
    rm -f "$CACHE"/bin/.goclients-* && touch "$stamp"
fi

stamp="$CACHE/bin/.hotrod-$(cat clients/hotrod/go.mod clients/hotrod/go.sum | sha256sum | cut -c1-16)"
if [ ! -f "$stamp" ]; then
    (cd clients/hotrod && go build -o "$CACHE/bin/hotrod" github.com/jaegertracing/jaeger/examples/hotrod)
    rm -f "$CACHE"/bin/.hotrod-* && touch "$stamp"
fi

# --- Jaeger itself: some minutes, and then never again -----------------------------------------------------------------
stamp="$CACHE/bin/.jaeger-$(cat clients/jaeger/go.mod clients/jaeger/go.sum | sha256sum | cut -c1-16)"
if [ ! -f "$stamp" ]; then
    (cd clients/jaeger && go build -o "$CACHE/bin/jaeger" github.com/jaegertracing/jaeger/cmd/jaeger)
    rm -f "$CACHE"/bin/.jaeger-* && touch "$stamp"
fi

# --- Zipkin's server ---------------------------------------------------------------------------------------------------
ZIPKIN=3.6.1
if [ ! -f "$CACHE/zipkin/zipkin-server-$ZIPKIN-slim.jar" ]; then
    mvn -B -q org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy -Dartifact="io.zipkin:zipkin-server:$ZIPKIN:jar:slim" \
        -DoutputDirectory="$CACHE/zipkin"
fi

# --- Java: jaeger-client, OpenTelemetry's exporters, brave --------------------------------------------------------------
for client in java-jaeger java-otel; do
    stamp="$CACHE/$client/.$(cat clients/$client/* | sha256sum | cut -c1-16)"
    if [ ! -f "$stamp" ]; then
        rm -rf "${CACHE:?}/$client" && mkdir -p "$CACHE/$client/classes"
        mvn -B -q -f "clients/$client/pom.xml" org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies \
            -DincludeScope=runtime -DoutputDirectory="$CACHE/$client/jars"
        javac -nowarn -d "$CACHE/$client/classes" -cp "$CACHE/$client/jars/*" clients/$client/*.java
        touch "$stamp"
    fi
done
ln -sf "telemetrygen-$CONTRIB" "$CACHE/bin/telemetrygen"
ln -sf "otelcol-$COLLECTOR" "$CACHE/bin/otelcol"
