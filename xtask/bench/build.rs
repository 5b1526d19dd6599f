//! Generates the service twice: as users of msf do, and as users of tonic alone do.

use std::path::PathBuf;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    msf_build::compile(&["proto/bench.proto"], &["proto"])?;
    let folder = PathBuf::from(std::env::var("OUT_DIR")?).join("plain");
    std::fs::create_dir_all(&folder)?;
    let files = protox::compile(["proto/bench.proto"], ["proto"])?;
    tonic_prost_build::configure()
        .out_dir(folder)
        .compile_fds(files)?;
    Ok(())
}
