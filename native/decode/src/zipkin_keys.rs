//! Names that Zipkin's spans and OpenTelemetry's share, as the collector's translator has them.

#![allow(missing_docs)]

pub const HOST_IP: &str = "net.host.ip";
pub const HOST_PORT: &str = "net.host.port";
pub const PEER_SERVICE: &str = "peer.service";
pub const PEER_IP: &str = "net.peer.ip";
pub const PEER_PORT: &str = "net.peer.port";
pub const START_ABSENT: &str = "otel.zipkin.absentField.startTime";
pub const SHARED: &str = "zipkin.shared";
pub const DEBUG: &str = "zipkin.debug";
pub const LINK_PREFIX: &str = "otlp.link.";
/// How many links are looked for among the tags.
pub const LINKS_MAX: usize = 128;

/// Whether a tag says something of the process that sent the span, not of the span: OpenTelemetry's conventions for
/// resources.
pub fn is_of_resource(key: &[u8]) -> bool {
    RESOURCE_KEYS.binary_search(&key).is_ok()
        || [&b"k8s."[..], b"telemetry.", b"cloud."]
            .iter()
            .any(|prefix| key.starts_with(prefix))
}

/// Sorted. Namespaces whose keys are all of resources are above.
const RESOURCE_KEYS: [&[u8]; 49] = [
    b"aws.ecs.cluster.arn",
    b"aws.ecs.container.arn",
    b"aws.ecs.launchtype",
    b"aws.ecs.task.arn",
    b"aws.ecs.task.family",
    b"aws.ecs.task.revision",
    b"aws.eks.cluster.arn",
    b"aws.log.group.arns",
    b"aws.log.group.names",
    b"aws.log.stream.arns",
    b"aws.log.stream.names",
    b"container.id",
    b"container.image.name",
    b"container.image.tag",
    b"container.name",
    b"container.runtime",
    b"deployment.environment",
    b"deployment.environment.name",
    b"device.id",
    b"device.model.identifier",
    b"device.model.name",
    b"faas.id",
    b"faas.instance",
    b"faas.max_memory",
    b"faas.name",
    b"faas.version",
    b"host.arch",
    b"host.id",
    b"host.image.id",
    b"host.image.name",
    b"host.image.version",
    b"host.name",
    b"host.type",
    b"os.description",
    b"os.name",
    b"os.type",
    b"os.version",
    b"process.command",
    b"process.command_args",
    b"process.executable.name",
    b"process.executable.path",
    b"process.owner",
    b"process.pid",
    b"process.runtime.description",
    b"process.runtime.name",
    b"process.runtime.version",
    b"service.instance.id",
    b"service.namespace",
    b"service.version",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_of_resources_are_sorted() {
        assert!(RESOURCE_KEYS.is_sorted());
        assert!(is_of_resource(b"process.pid") && is_of_resource(b"k8s.pod.name"));
        assert!(!is_of_resource(b"http.method") && !is_of_resource(b"service.name"));
    }
}
