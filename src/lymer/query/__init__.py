"""Questions and their answers: admission, the service that every API asks, the translation of Jaeger's questions."""
