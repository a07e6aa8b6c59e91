//! Serde types of the wire, shared by page and server.
