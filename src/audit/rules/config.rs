//! Configuration: what is set, what is not, and what nobody would notice.

pub mod container_owns_host;
pub mod database_exposed;
pub mod database_password_written;
pub mod debug_in_production;
pub mod default_secret;
pub mod defaults_differ;
pub mod development_server;
pub mod env_file_committed;
pub mod local_fallback;
pub mod no_container_health;
pub mod no_dockerignore;
pub mod no_graceful_shutdown;
pub mod no_health_check;
pub mod no_resource_limits;
pub mod no_restart_policy;
pub mod not_checked_at_start;
pub mod runs_as_root;
pub mod secret_in_image;
pub mod secret_in_manifest;
pub mod secret_in_repository;
pub mod signals_do_not_arrive;
pub mod single_instance;
pub mod variable_undocumented;
