//! Observability: what would tell somebody, and what they would look at.

pub mod alert_without_runbook;
pub mod alerts_go_nowhere;
pub mod dashboards_not_kept;
pub mod errors_swallowed;
pub mod errors_without_release;
pub mod live_alerts_go_nowhere;
pub mod live_issues_without_release;
pub mod live_log_unbounded;
pub mod live_no_alert_rules;
pub mod live_no_monitor;
pub mod log_place_unwritten;
pub mod logs_fill_the_disk;
pub mod logs_in_the_container;
pub mod logs_thrown_away;
pub mod no_alert_rules;
pub mod no_error_tracking;
pub mod no_slow_alert;
pub mod no_uptime_check;
pub mod schedule_unwatched;
pub mod service_without_check;
pub mod service_without_errors;
pub mod service_without_logs;
pub mod verbose_in_production;
