#!/usr/bin/env bash
# Installs the Kafka that the examples' tests start, from Maven Central, into ~/.cache/lymer-e2e. What is there is left alone.
set -euo pipefail
cd "$(dirname "$0")"
CACHE="${LYMER_E2E_CACHE:-$HOME/.cache/lymer-e2e}"
pom=kafka_events/server/pom.xml
stamp="$CACHE/kafka/.$(sha256sum $pom | cut -c1-16)"
[ ! -f "$stamp" ] || exit 0
command -v mvn >/dev/null || { echo "examples/setup.sh: mvn is missing; apt-get install maven" >&2; exit 1; }
rm -rf "$CACHE/kafka" && mkdir -p "$CACHE/kafka"
mvn -B -q -f $pom org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies \
    -DincludeScope=runtime -DoutputDirectory="$CACHE/kafka/jars"
touch "$stamp"
