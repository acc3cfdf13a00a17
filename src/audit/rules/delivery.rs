//! Delivery: how a change reaches production, and how it is taken back.

pub mod action_at_branch;
pub mod deploy_not_verified;
pub mod deploy_without_tests;
pub mod deploys_overlap;
pub mod live_no_gate;
pub mod live_nothing_to_go_back_to;
pub mod long_lived_cloud_keys;
pub mod no_gate;
pub mod no_load_test;
pub mod no_rollback_tag;
pub mod no_timeout;
pub mod pull_request_target;
pub mod script_from_the_net;
pub mod script_injection;
pub mod service_without_rollback;
pub mod tests_cannot_fail;
pub mod unpinned_action;
pub mod writes_everything;
