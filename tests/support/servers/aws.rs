//! What looks like AWS: moto, which keeps everything in memory and knows the shapes of most services.
//!
//! What it does not do: it starts no tasks, finishes no deployment, and believes any key.

use crashcart::clock::Clock;
use serde_json::{Value, json};

use super::http::Answer;
use super::{Server, http, is_a_server, or_skip};

/// Where everything is. Another region has nothing.
pub const REGION: &str = "eu-central-1";

/// A running moto, for every service at one address.
pub struct Moto(Server);

impl Moto {
    #[track_caller]
    pub fn start() -> Option<Self> {
        let server = Server::start_http("moto_server", "/moto-api/", |_, address| {
            vec!["-H".to_owned(), address.ip().to_string(), "-p".to_owned(), address.port().to_string()]
        });
        or_skip("moto", server.map(Self).and_then(Self::new_enough))
    }

    /// Older ones do not know everything that the tests ask.
    fn new_enough(self) -> Result<Self, String> {
        let nobody = json!({ "AlarmNames": ["nobody"] });
        match self.ask("monitoring", "GraniteServiceVersion20100801.DisableAlarmActions", &nobody) {
            Some(answer) if answer.status == 200 => Ok(self),
            _ => Err("this moto_server is older than 5.2".to_owned()),
        }
    }

    /// Calls a service that speaks JSON: its name in a signature (`logs`), and its action as `X-Amz-Target` says it.
    #[track_caller]
    pub fn call(&self, service: &str, target: &str, body: &Value) -> Value {
        let answer = self.ask(service, target, body).expect("moto answers");
        assert_eq!(answer.status, 200, "{target}: {answer:?}");
        serde_json::from_str(&answer.body).unwrap_or_default()
    }

    fn ask(&self, service: &str, target: &str, body: &Value) -> Option<Answer> {
        let (signed, target) = (moto_authorization(service), format!("X-Amz-Target: {target}"));
        let headers = [signed.as_str(), &target, "Content-Type: application/x-amz-json-1.1"];
        http::post(self.address, "/", &headers, &body.to_string())
    }

    /// Lets a log group have these lines, as of now.
    pub fn log(&self, group: &str, stream: &str, lines: &[&str]) {
        self.call("logs", "Logs_20140328.CreateLogGroup", &json!({ "logGroupName": group }));
        let (group, stream) = (json!(group), json!(stream));
        let place = json!({ "logGroupName": group, "logStreamName": stream });
        self.call("logs", "Logs_20140328.CreateLogStream", &place);
        let at = Clock::system().now().as_micros() / 1_000;
        let events: Vec<Value> = lines.iter().map(|line| json!({ "timestamp": at, "message": line })).collect();
        let events = json!({ "logGroupName": group, "logStreamName": stream, "logEvents": events });
        self.call("logs", "Logs_20140328.PutLogEvents", &events);
    }

    /// Makes an alarm and lets it go off.
    pub fn alarm(&self, name: &str, reason: &str) {
        let alarm = json!({
            "AlarmName": name, "Namespace": "AWS/ApplicationELB", "MetricName": "HTTPCode_Target_5XX_Count",
            "ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 1, "Period": 60,
            "Statistic": "Sum", "Threshold": 5.0,
        });
        self.call("monitoring", "GraniteServiceVersion20100801.PutMetricAlarm", &alarm);
        let state = json!({ "AlarmName": name, "StateValue": "ALARM", "StateReason": reason });
        self.call("monitoring", "GraniteServiceVersion20100801.SetAlarmState", &state);
    }
}

/// Returns the header that says which service is meant. Nothing is signed, and moto does not mind.
pub fn moto_authorization(service: &str) -> String {
    format!(
        "Authorization: AWS4-HMAC-SHA256 Credential=test/20261125/{REGION}/{service}/aws4_request, \
         SignedHeaders=host, Signature=0"
    )
}

is_a_server!(Moto);
