"""What Jaeger and Zipkin say of a body that they cannot read, word for word, so that a client's log reads as it did."""
