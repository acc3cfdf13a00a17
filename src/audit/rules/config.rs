//! Configuration: what is set, what is not, and what nobody would notice.

pub mod container_owns_host;
pub mod database_exposed;
pub mod debug_in_production;
pub mod default_secret;
pub mod development_server;
pub mod env_file_committed;
pub mod live_no_health_check;
pub mod live_no_memory_limit;
pub mod live_no_restart_policy;
pub mod live_single_instance;
pub mod no_container_health;
pub mod no_dockerignore;
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
