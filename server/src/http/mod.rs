//! What speaks HTTP: the routes, who may call them, the answers, the built page and the live news.
//! Nothing below knows of it.

pub mod router;

mod trace;

pub mod connections;

pub mod auth;

pub mod extract;

mod strict_json;

mod json_shape;

mod account_share;

pub mod body_gate;

pub mod launch_gate;

pub mod error;

pub mod handlers;

pub mod address;

pub mod attachment;

pub mod upload_turns;

mod signed;

mod estimates;

pub mod wire;

pub mod run_answers;

pub mod events;

pub mod file_reads;

pub mod assets;

pub mod openapi;
