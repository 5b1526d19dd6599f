fn main() -> Result<(), msf_build::Error> {
    msf_build::compile(
        &["proto/msf/test/v1/counter.proto", "proto/no_package.proto"],
        &["proto"],
    )
}
