//! Incident readiness: what somebody finds at 2 AM who did not write it.

pub mod no_contacts;
pub mod no_rollback_path;
pub mod no_runbook;
pub mod runbook_placeholder;
pub mod runbook_without_commands;
pub mod service_without_runbook;
pub mod vendor_without_contact;
