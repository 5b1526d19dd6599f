//! The descriptors that a service hands to gRPC reflection.

use std::collections::BTreeSet;

use prost::Message;
use protox::prost_reflect::{DynamicMessage, FileDescriptor, ReflectMessage, Value};

use crate::proto::Protos;

/// The encoded `FileDescriptorSet` of one package and of all that it imports, without comments.
///
/// Custom options survive, because the files are taken as dynamic messages: a typed
/// `FileDescriptorProto` forgets the fields it does not know.
pub(crate) fn of_package(protos: &Protos, package: &str) -> Vec<u8> {
    let pool = protos.pool();
    let mut needed = BTreeSet::new();
    for file in pool.files().filter(|file| file.package_name() == package) {
        collect(&file, &mut needed);
    }
    let description = prost_types::FileDescriptorProto::default().descriptor();
    let files = pool
        .files()
        .filter(|file| needed.contains(file.name()))
        .filter_map(|file| {
            let encoded = file.encode_to_vec();
            let mut message =
                DynamicMessage::decode(description.clone(), encoded.as_slice()).ok()?;
            message.clear_field_by_name("source_code_info");
            Some(Value::Message(message))
        })
        .collect();
    let mut set = prost_types::FileDescriptorSet::default().transcode_to_dynamic();
    set.set_field_by_name("file", Value::List(files));
    set.encode_to_vec()
}

fn collect(file: &FileDescriptor, needed: &mut BTreeSet<String>) {
    if needed.insert(file.name().to_owned()) {
        for import in file.dependencies() {
            collect(&import, needed);
        }
    }
}
