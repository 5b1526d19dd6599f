//! gRPC reflection: lets `grpcurl` and the like call without the protos.

use std::{error, fmt};

use msf_core::access::{AccessService, Rule};
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
    let descriptors: Vec<&'static [u8]> = services
        .into_iter()
        .map(|service| service.descriptor())
        .filter(|descriptor| !descriptor.is_empty())
        .collect();
    let builder = || {
        descriptors
            .iter()
            .fold(Builder::configure(), |builder, descriptor| {
                builder.register_encoded_file_descriptor_set(descriptor)
            })
            .register_encoded_file_descriptor_set(tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(
                tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET,
            )
    };
    let rule = || Rule::public("development: reflection is off in the profile `prod`");
    let v1 = builder().build_v1().map_err(ReflectionError)?;
    let v1alpha = builder().build_v1alpha().map_err(ReflectionError)?;
    Ok((Guarded::raw(v1, rule()), Guarded::raw(v1alpha, rule())))
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
