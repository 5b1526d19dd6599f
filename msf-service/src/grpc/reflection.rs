//! gRPC reflection: lets `grpcurl` and the like call without the protos.

use std::{error, fmt};

use msf_core::access::{AccessService, Rule};
use tonic_reflection::pb::{v1, v1alpha};
use tonic_reflection::server::Builder;

use super::{Guarded, RpcService, ServiceInfo};

/// Makes the reflection services, v1 and the v1alpha that older tools ask for, over `services`.
///
/// It answers everybody with every message and RPC there is: an app serves it outside of the `prod` profile only.
///
/// # Errors
///
/// A descriptor that cannot be read; those that `msf-build` writes can.
pub fn reflection_services(
    services: impl IntoIterator<Item = ServiceInfo>,
) -> Result<
    (
        Guarded<AccessService<impl RpcService>>,
        Guarded<AccessService<impl RpcService>>,
    ),
    ReflectionError,
> {
    let services: Vec<ServiceInfo> = services.into_iter().collect();
    // A descriptor tells of its whole package; what is listed is what is served.
    let builder = || {
        let own = Builder::configure()
            .register_encoded_file_descriptor_set(v1::FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(v1alpha::FILE_DESCRIPTOR_SET)
            .with_service_name("grpc.reflection.v1.ServerReflection")
            .with_service_name("grpc.reflection.v1alpha.ServerReflection");
        services.iter().fold(own, |builder, service| {
            builder
                .register_encoded_file_descriptor_set(service.descriptor())
                .with_service_name(service.name())
        })
    };
    let rule = || Rule::public("development: reflection is off in the profile `prod`");
    let newer = builder().build_v1().map_err(ReflectionError)?;
    let older = builder().build_v1alpha().map_err(ReflectionError)?;
    Ok((Guarded::raw(newer, rule()), Guarded::raw(older, rule())))
}

/// A descriptor that reflection cannot read.
#[derive(Debug)]
pub struct ReflectionError(tonic_reflection::server::Error);

impl fmt::Display for ReflectionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a descriptor for gRPC reflection cannot be read")
    }
}

impl error::Error for ReflectionError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        Some(&self.0)
    }
}
