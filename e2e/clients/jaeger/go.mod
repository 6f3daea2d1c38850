// Jaeger itself, version 2.13, of the same module as 1.76; go.sum is its own: some checksums cannot be looked up.
module lymer/e2e/jaeger

go 1.26

require github.com/jaegertracing/jaeger v1.76.0

replace github.com/Shopify/sarama => github.com/Shopify/sarama v1.33.0
