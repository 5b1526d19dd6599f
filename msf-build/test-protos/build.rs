fn main() -> Result<(), msf_build::Error> {
    msf_build::Builder::new().client(false).compile(
        &["proto/msf/test/v1/counter.proto", "proto/no_package.proto"],
        &["proto"],
    )
}
