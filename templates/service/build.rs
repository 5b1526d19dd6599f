//! Generates the service, its access table and its client from the proto.

fn main() -> Result<(), msf_build::Error> {
    msf_build::compile(&["proto/service.proto"], &["proto"])
}
