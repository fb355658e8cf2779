//! Sessions in the router's own process.

use std::sync::Arc;

use crossway_core::Router;
use crossway_core::serializer::Serializer;
use crossway_memory::{MemoryOptions, MemoryTransport, pair};

/// A transport whose other end is served by `router`, in a task of its own that ends with the transport.
///
/// `serializer` is what the session speaks; where most other sessions speak one, the same saves rewriting payloads. Has to
/// be called within a tokio runtime.
pub fn connect_in_process(router: &Router, serializer: Arc<dyn Serializer>) -> MemoryTransport {
    let (theirs, ours) = pair(serializer, &MemoryOptions::default());
    let router = router.clone();
    tokio::spawn(async move { router.attach(Box::new(theirs)).await });
    ours
}
