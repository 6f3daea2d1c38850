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
#[inline]
pub fn is_of_resource(key: &[u8]) -> bool {
    match key.first_chunk::<4>() {
        Some(b"k8s.") => true,
        Some(b"tele") => key.starts_with(b"telemetry."),
        Some(b"clou") => key.starts_with(b"cloud."),
        Some(
            b"aws." | b"cont" | b"depl" | b"devi" | b"faas" | b"host" | b"os.d" | b"os.n" | b"os.t"
            | b"os.v" | b"proc" | b"serv",
        ) => is_listed(key),
        _ => false,
    }
}

/// Namespaces whose keys are all of resources are above. A pattern, because it is compared by length first.
fn is_listed(key: &[u8]) -> bool {
    matches!(
        key,
        b"aws.ecs.cluster.arn"
            | b"aws.ecs.container.arn"
            | b"aws.ecs.launchtype"
            | b"aws.ecs.task.arn"
            | b"aws.ecs.task.family"
            | b"aws.ecs.task.revision"
            | b"aws.eks.cluster.arn"
            | b"aws.log.group.arns"
            | b"aws.log.group.names"
            | b"aws.log.stream.arns"
            | b"aws.log.stream.names"
            | b"container.id"
            | b"container.image.name"
            | b"container.image.tag"
            | b"container.name"
            | b"container.runtime"
            | b"deployment.environment"
            | b"deployment.environment.name"
            | b"device.id"
            | b"device.model.identifier"
            | b"device.model.name"
            | b"faas.id"
            | b"faas.instance"
            | b"faas.max_memory"
            | b"faas.name"
            | b"faas.version"
            | b"host.arch"
            | b"host.id"
            | b"host.image.id"
            | b"host.image.name"
            | b"host.image.version"
            | b"host.name"
            | b"host.type"
            | b"os.description"
            | b"os.name"
            | b"os.type"
            | b"os.version"
            | b"process.command"
            | b"process.command_args"
            | b"process.executable.name"
            | b"process.executable.path"
            | b"process.owner"
            | b"process.pid"
            | b"process.runtime.description"
            | b"process.runtime.name"
            | b"process.runtime.version"
            | b"service.instance.id"
            | b"service.namespace"
            | b"service.version"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_resources_are_told_from_keys_of_spans() {
        for key in [
            "process.pid",
            "k8s.pod.name",
            "host.name",
            "service.version",
            "aws.ecs.task.arn",
            "os.type",
        ] {
            assert!(is_of_resource(key.as_bytes()), "{key}");
        }
        for key in [
            "http.method",
            "service.name",
            "hostname",
            "os",
            "",
            "k8s",
            "cloudy",
        ] {
            assert!(!is_of_resource(key.as_bytes()), "{key}");
        }
    }
}
