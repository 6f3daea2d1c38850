//go:build tools

// Jaeger's demonstration, at a fixed version: `go build github.com/jaegertracing/jaeger/examples/hotrod`.
package hotrod

import _ "github.com/jaegertracing/jaeger/examples/hotrod/cmd"
