//! What is asked of the real thing as well.

use crashcart::provider::proof::Proof;

/// Something that a definition can do, and the test that does it: a file below `tests/real_servers` and a function in it.
pub struct Asked {
    pub provider: &'static str,
    pub what: &'static str,
    pub test: &'static str,
    pub proof: Proof,
}

const fn real(provider: &'static str, what: &'static str, test: &'static str) -> Asked {
    Asked { provider, what, test, proof: Proof::RealServer }
}

/// Somebody else's imitation of the system answers.
const fn emulated(provider: &'static str, what: &'static str, test: &'static str) -> Asked {
    Asked { provider, what, test, proof: Proof::Emulation }
}

/// In order.
#[rustfmt::skip]
pub const ASKED: &[Asked] = &[
    real("alertmanager", "actions.silence", "metrics_providers::an_alert_is_silenced_in_alertmanager_and_heard_again"),
    real("alertmanager", "actions.unsilence", "metrics_providers::an_alert_is_silenced_in_alertmanager_and_heard_again"),
    real("alertmanager", "alerts", "metrics_providers::an_alert_is_silenced_in_alertmanager_and_heard_again"),
    real("alertmanager", "send", "metrics_providers::an_incident_becomes_an_alert_in_alertmanager_and_ends_with_it"),
    real("blackbox-exporter", "checks", "metrics_providers::blackbox_exporter_probes_each_target_of_a_source"),
    emulated("cloudwatch", "actions.silence", "aws::cloudwatch_tells_its_alarms_and_logs_and_an_alarm_is_muted"),
    emulated("cloudwatch", "actions.unsilence", "aws::cloudwatch_tells_its_alarms_and_logs_and_an_alarm_is_muted"),
    emulated("cloudwatch", "alerts", "aws::cloudwatch_tells_its_alarms_and_logs_and_an_alarm_is_muted"),
    emulated("cloudwatch", "checks", "aws::cloudwatch_tells_its_alarms_and_logs_and_an_alarm_is_muted"),
    emulated("cloudwatch", "logs", "aws::cloudwatch_tells_its_alarms_and_logs_and_an_alarm_is_muted"),
    real("docker", "actions.restart", "docker_provider::a_container_is_restarted_stopped_and_started_again"),
    real("docker", "actions.start", "docker_provider::a_container_is_restarted_stopped_and_started_again"),
    real("docker", "actions.stop", "docker_provider::a_container_is_restarted_stopped_and_started_again"),
    real("docker", "instances", "docker_provider::each_container_that_is_not_well_says_why"),
    real("docker", "logs", "docker_provider::logs_are_the_same_with_and_without_a_terminal"),
    real("docker", "releases", "docker_provider::the_image_that_runs_is_the_live_release_and_the_other_tags_are_at_hand"),
    real("docker-swarm", "actions.roll_back", "swarm_provider::a_swarm_service_is_watched_through_a_good_and_a_bad_update_and_goes_back"),
    real("docker-swarm", "actions.scale", "swarm_provider::a_swarm_service_is_watched_through_a_good_and_a_bad_update_and_goes_back"),
    real("docker-swarm", "checks", "swarm_provider::a_manager_tells_its_nodes"),
    real("docker-swarm", "instances", "swarm_provider::a_swarm_service_is_watched_through_a_good_and_a_bad_update_and_goes_back"),
    real("docker-swarm", "logs", "swarm_provider::a_swarm_service_is_watched_through_a_good_and_a_bad_update_and_goes_back"),
    real("docker-swarm", "releases", "swarm_provider::a_swarm_service_is_watched_through_a_good_and_a_bad_update_and_goes_back"),
    real("email", "send", "messages::a_mail_arrives_as_it_was_meant"),
    real("node-exporter", "checks", "metrics_providers::node_exporter_is_asked_directly_how_the_machine_is"),
    real("node-exporter", "metrics", "metrics_providers::node_exporter_is_asked_directly_how_the_machine_is"),
    real("ntfy", "send", "messages::an_incident_and_its_end_are_told_through_ntfy"),
    real("prometheus", "alerts", "metrics_providers::prometheus_tells_its_targets_its_alerts_and_its_numbers"),
    real("prometheus", "checks", "metrics_providers::prometheus_tells_its_targets_its_alerts_and_its_numbers"),
    real("prometheus", "metrics", "metrics_providers::prometheus_tells_its_targets_its_alerts_and_its_numbers"),
    real("victoriametrics", "metrics", "metrics_providers::victoria_metrics_tells_its_numbers"),
];
