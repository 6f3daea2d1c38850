// Other people's clients for Go, each sending the same small trace. Prints the id of the trace.
//
//	goclients CLIENT ADDRESS
//	goclients jaeger-flood ADDRESS SPANS_PER_SECOND SECONDS    prints how many spans it has sent
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/opentracing/opentracing-go"
	"github.com/opentracing/opentracing-go/ext"
	"github.com/opentracing/opentracing-go/log"
	zipkin "github.com/openzipkin/zipkin-go"
	zipkinmodel "github.com/openzipkin/zipkin-go/model"
	zipkinhttp "github.com/openzipkin/zipkin-go/reporter/http"
	"github.com/uber/jaeger-client-go"
	jaegerconfig "github.com/uber/jaeger-client-go/config"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	otelzipkin "go.opentelemetry.io/otel/exporters/zipkin"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

func main() {
	client, address := os.Args[1], os.Args[2]
	service := "go-" + client
	var id string
	var err error
	switch client {
	case "jaeger-flood":
		id, err = flood(service, address, os.Args[3], os.Args[4])
	case "jaeger-udp":
		id, err = sendByJaeger(service, &jaegerconfig.ReporterConfig{LocalAgentHostPort: address})
	case "jaeger-http":
		id, err = sendByJaeger(service, &jaegerconfig.ReporterConfig{CollectorEndpoint: address})
	case "zipkin":
		id, err = sendByZipkin(service, address)
	default:
		id, err = sendByOpenTelemetry(service, client, address)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(id)
}

func sendByJaeger(service string, reporter *jaegerconfig.ReporterConfig) (string, error) {
	config := jaegerconfig.Configuration{
		ServiceName: service,
		Sampler:     &jaegerconfig.SamplerConfig{Type: jaeger.SamplerTypeConst, Param: 1},
		Reporter:    reporter,
		Gen128Bit:   true,
	}
	tracer, closer, err := config.NewTracer()
	if err != nil {
		return "", err
	}
	root := tracer.StartSpan("GET /checkout", ext.SpanKindRPCServer, opentracing.Tag{Key: "http.status_code", Value: 200})
	child := tracer.StartSpan("SELECT orders", opentracing.ChildOf(root.Context()), ext.SpanKindRPCClient)
	child.SetTag("db.system", "postgresql").SetTag("error", true)
	child.LogFields(log.Event("retry"))
	time.Sleep(2 * time.Millisecond)
	child.Finish()
	root.Finish()
	return root.Context().(jaeger.SpanContext).TraceID().String(), closer.Close()
}

func flood(service, address, perSecondText, secondsText string) (string, error) {
	perSecond, err := strconv.Atoi(perSecondText)
	if err != nil {
		return "", err
	}
	seconds, err := strconv.Atoi(secondsText)
	if err != nil {
		return "", err
	}
	transport, err := jaeger.NewUDPTransport(address, 0)
	if err != nil {
		return "", err
	}
	reporter := jaeger.NewRemoteReporter(transport, jaeger.ReporterOptions.QueueSize(perSecond*seconds))
	tracer, closer := jaeger.NewTracer(service, jaeger.NewConstSampler(true), reporter)
	begun := time.Now()
	total := perSecond * seconds
	for sent := 0; sent < total; {
		due := int(time.Since(begun).Seconds() * float64(perSecond))
		for ; sent < min(due, total); sent++ {
			span := tracer.StartSpan("flood", opentracing.Tag{Key: "number", Value: sent})
			span.Finish()
		}
		time.Sleep(time.Millisecond)
	}
	return strconv.Itoa(total), closer.Close()
}

func sendByZipkin(service, address string) (string, error) {
	reporter := zipkinhttp.NewReporter(address)
	endpoint, err := zipkin.NewEndpoint(service, "127.0.0.1:8080")
	if err != nil {
		return "", err
	}
	tracer, err := zipkin.NewTracer(reporter, zipkin.WithLocalEndpoint(endpoint), zipkin.WithTraceID128Bit(true))
	if err != nil {
		return "", err
	}
	root := tracer.StartSpan("GET /checkout", zipkin.Kind(zipkinmodel.Server))
	root.Tag("http.status_code", "200")
	child := tracer.StartSpan("SELECT orders", zipkin.Kind(zipkinmodel.Client), zipkin.Parent(root.Context()))
	child.Tag("db.system", "postgresql")
	child.Tag("error", "true")
	child.Annotate(time.Now(), "retry")
	time.Sleep(2 * time.Millisecond)
	child.Finish()
	root.Finish()
	return root.Context().TraceID.String(), reporter.Close()
}

func sendByOpenTelemetry(service, client, address string) (string, error) {
	ctx := context.Background()
	exporter, err := newExporter(ctx, client, address)
	if err != nil {
		return "", err
	}
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithBatcher(exporter),
		sdktrace.WithResource(resource.NewSchemaless(attribute.String("service.name", service))),
	)
	tracer := provider.Tracer("e2e.go")
	ctx, root := tracer.Start(ctx, "GET /checkout", trace.WithSpanKind(trace.SpanKindServer))
	root.SetAttributes(attribute.Int("http.status_code", 200))
	_, child := tracer.Start(ctx, "SELECT orders", trace.WithSpanKind(trace.SpanKindClient))
	child.SetAttributes(attribute.String("db.system", "postgresql"))
	child.SetStatus(codes.Error, "")
	child.AddEvent("retry")
	time.Sleep(2 * time.Millisecond)
	child.End()
	root.End()
	return root.SpanContext().TraceID().String(), provider.Shutdown(context.Background())
}

func newExporter(ctx context.Context, client, address string) (sdktrace.SpanExporter, error) {
	switch client {
	case "otlp-grpc":
		return otlptracegrpc.New(ctx, otlptracegrpc.WithEndpoint(address), otlptracegrpc.WithInsecure())
	case "otlp-http":
		return otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(address))
	case "otel-zipkin":
		return otelzipkin.New(address)
	}
	return nil, errors.New("unknown client " + client)
}
