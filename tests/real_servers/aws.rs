//! What looks like AWS.

use serde_json::json;

use super::support::servers::aws::Moto;

#[test]
fn moto_keeps_alarms_and_logs_as_aws_does() {
    let Some(moto) = Moto::start() else { return };
    moto.alarm("checkout-5xx", "Threshold Crossed");
    moto.log("/ecs/checkout", "task/1", &["payment refused"]);
    let call = |service, target: &str, body: serde_json::Value| moto.call(service, target, &body);
    let alarms = call("monitoring", "GraniteServiceVersion20100801.DescribeAlarms", json!({ "StateValue": "ALARM" }));
    assert_eq!(alarms["MetricAlarms"][0]["AlarmName"], "checkout-5xx", "{alarms}");
    let events = call("logs", "Logs_20140328.FilterLogEvents", json!({ "logGroupName": "/ecs/checkout" }));
    assert_eq!(events["events"][0]["message"], "payment refused", "{events}");
}
