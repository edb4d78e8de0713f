//! The `fuldmagt.v1` API: generated client and server code, and the descriptors for reflection.
//!
//! The code under `generated/` is committed, so a build needs no protobuf compiler; `tests/generated.rs`
//! makes it anew from `proto/` and fails on a difference (`make proto` renews it).

/// Version 1 of the API.
pub mod fuldmagt {
    /// Messages, clients and servers of package `fuldmagt.v1`.
    pub mod v1 {
        include!("generated/fuldmagt.v1.rs");
    }
}

pub use fuldmagt::v1;

/// The encoded `google.protobuf.FileDescriptorSet` of the API with its imports, for server reflection.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!("generated/descriptors.binpb");
