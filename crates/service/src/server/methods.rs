//! The RPCs there are, from the descriptors of the API. What is not among them is `unknown` in logs and metrics: a
//! caller must not be able to make up names, or to write into the log.

use std::collections::HashMap;
use std::sync::Arc;

use opentelemetry::StringValue;
use prost::Message as _;
use prost_types::FileDescriptorSet;

const UNKNOWN: &str = "unknown";
const HEALTH_SERVICE: &str = "grpc.health.v1.Health";

/// One RPC.
#[derive(Debug, Clone)]
pub(crate) struct Method {
    /// The service with its package.
    pub(crate) service: StringValue,
    /// The method's own name.
    pub(crate) name: StringValue,
}

impl Method {
    fn new(service: Arc<str>, name: &str) -> Self {
        Self { service: service.into(), name: Arc::<str>::from(name).into() }
    }

    /// `package.Service/Method`.
    pub(crate) fn path(&self) -> String {
        format!("{}/{}", self.service, self.name)
    }

    pub(crate) fn is_health(&self) -> bool {
        self.service.as_str() == HEALTH_SERVICE
    }
}

/// Whether a path is that of the health service, which answers whatever else is refused.
pub(crate) fn is_health(path: &str) -> bool {
    path.strip_prefix('/')
        .and_then(|path| path.strip_prefix(HEALTH_SERVICE))
        .is_some_and(|rest| rest.starts_with('/'))
}

/// Whether a path is not one of the services around ours, which are gRPC's own.
pub(crate) fn is_ours(path: &str) -> bool {
    !path.starts_with("/grpc.")
}

/// All RPCs, by path.
#[derive(Debug)]
pub(crate) struct Methods {
    by_path: HashMap<String, Method>,
    unknown: Method,
    services: Vec<String>,
}

impl Methods {
    /// Reads encoded descriptor sets.
    pub(crate) fn read(sets: &[&[u8]]) -> Result<Self, prost::DecodeError> {
        let mut by_path = HashMap::new();
        let mut services = Vec::new();
        for set in sets {
            for file in FileDescriptorSet::decode(*set)?.file {
                for service in &file.service {
                    let name = format!("{}.{}", file.package(), service.name());
                    let shared: Arc<str> = name.as_str().into();
                    for method in &service.method {
                        let path = format!("/{name}/{}", method.name());
                        by_path.insert(path, Method::new(Arc::clone(&shared), method.name()));
                    }
                    services.push(name);
                }
            }
        }
        let unknown = Method::new(UNKNOWN.into(), UNKNOWN);
        Ok(Self { by_path, unknown, services })
    }

    /// The RPC of a path.
    pub(crate) fn find(&self, path: &str) -> Method {
        self.by_path.get(path).unwrap_or(&self.unknown).clone()
    }

    /// Every service's full name.
    pub(crate) fn services(&self) -> &[String] {
        &self.services
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_are_known_by_their_path_and_what_a_caller_makes_up_is_unknown() {
        let methods = Methods::read(&[tonic_health::pb::FILE_DESCRIPTOR_SET]).unwrap();
        let found = methods.find("/grpc.health.v1.Health/Check");
        assert_eq!(found.path(), "grpc.health.v1.Health/Check");
        assert!(found.is_health());
        assert_eq!(methods.find("/grpc.health.v1.Health/0101011234").path(), "unknown/unknown");
        assert_eq!(methods.services(), ["grpc.health.v1.Health"]);
    }

    #[test]
    fn only_the_health_service_itself_has_its_privilege() {
        assert!(is_health("/grpc.health.v1.Health/Check"));
        assert!(!is_health("/grpc.health.v1.HealthX/Check"));
        assert!(!is_health("/fuldmagt.v1.QueryService/grpc.health.v1.Health/Check"));
    }
}
