//! What looks like AWS.

use serde_json::json;

use super::support::servers::aws::Moto;
use super::support::servers::system::System;

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

#[test]
fn cloudwatch_tells_its_alarms_and_logs_and_an_alarm_is_muted() {
    let Some(moto) = Moto::start() else { return };
    moto.alarm("checkout-5xx", "Threshold Crossed: 9 errors");
    moto.log("/ecs/checkout", "task/1", &["GET / 200", "payment refused", "payment refused"]);
    let system = System::aws("cloudwatch", &moto.url(""));
    let alert = system.read("alerts", &[])[0].clone();
    assert_eq!((&alert["title"], &alert["state"]), (&json!("checkout-5xx"), &json!("firing")), "{alert:#}");
    assert_eq!(alert["summary"], "Threshold Crossed: 9 errors");
    assert_eq!(system.read("checks", &[])[0]["state"], "down");

    let system = system.set("log_group", "/ecs/checkout");
    let lines = system.read("logs", &[]);
    assert_eq!((lines.as_array().unwrap().len(), &lines[0]["instance"]), (3, &json!("task/1")), "{lines:#}");
    assert_eq!(system.read("logs", &[("query", json!("refused"))]).as_array().unwrap().len(), 2);

    system.act("silence", &[("alert", alert.clone())]);
    assert_eq!(system.read("alerts", &[])[0]["state"], "silenced");
    system.act("unsilence", &[("alert", alert)]);
    assert_eq!(system.read("alerts", &[])[0]["state"], "firing");
}
