use super::*;

/// Lines are read in January 2027, in Berlin.
fn detect(text: &str) -> Detected {
    let received = Timestamp::parse_rfc3339("2027-01-15T12:00:00Z").unwrap();
    Detector::new(TimeZone::get("Europe/Berlin").unwrap()).detect(text, received)
}

#[track_caller]
fn check(text: &str, time: &str, level: &str) {
    let found = detect(text);
    let expected = (!time.is_empty()).then(|| Timestamp::parse_rfc3339(time).unwrap());
    assert_eq!(found.time, expected, "time of {text:?}");
    let found = found.level.map(|level| format!("{level:?}").to_lowercase()).unwrap_or_default();
    assert_eq!(found, level, "level of {text:?}");
}

#[test]
fn times_with_an_offset_are_taken_as_they_are() {
    check("2026-02-03T04:05:06Z hello", "2026-02-03T04:05:06Z", "");
    check("2026-02-03T04:05:06.789+05:30 hello", "2026-02-02T22:35:06.789Z", "");
    check("2026-02-03 04:05:06.123456 -0800 hello", "2026-02-03T12:05:06.123456Z", "");
    check("2026-02-03 04:05:06 UTC [77] started", "2026-02-03T04:05:06Z", "");
    check("20260203T040506Z compact", "2026-02-03T04:05:06Z", "");
    check("2026-034T04:05:06Z day of the year", "2026-02-03T04:05:06Z", "");
    check("2026-02-03T04:05:06.123456789Z nanoseconds", "2026-02-03T04:05:06.123456Z", "");
}

#[test]
fn times_without_an_offset_are_local() {
    check("2026-02-03 04:05:06,789 INFO x", "2026-02-03T03:05:06.789Z", "info");
    check("2026-07-03 04:05:06 x", "2026-07-03T02:05:06Z", "");
    check("2026/02/03 04:05:06 [error] 12#0: *1 open() failed", "2026-02-03T03:05:06Z", "error");
    check("26/02/03 04:05:06 WARN scheduler.TaskSetManager: Lost task", "2026-02-03T03:05:06Z", "warn");
    check("20260203-04:05:06:789|Step", "2026-02-03T03:05:06.789Z", "");
    check("03-Feb-2026 04:05:06.789 SEVERE [main] x", "2026-02-03T03:05:06.789Z", "error");
    check("[GIN] 2026/02/03 - 04:05:06 | 200 |", "2026-02-03T03:05:06Z", "");
    check("01/25/26 04:05:06.5 web_php[1].ERR [x]", "2026-01-25T03:05:06.5Z", "error");
    check("[Nest] 12  - 02/03/2026, 4:05:06 PM   ERROR [X] y", "2026-02-03T15:05:06Z", "error");
    check("13.02.2026 04:05:06 x", "2026-02-13T03:05:06Z", "");
    check("260203 040506 148 INFO dfs.DataNode: x", "2026-02-03T03:05:06Z", "info");
}

#[test]
fn a_missing_year_is_the_last_in_which_the_time_is_not_in_the_future() {
    check("Jan 15 04:05:06 web1 sshd[1]: x", "2027-01-15T03:05:06Z", "");
    check("Dec  3 04:05:06 web1 sshd[1]: x", "2026-12-03T03:05:06Z", "");
    check("Feb 29 04:05:06 web1 x", "2024-02-29T03:05:06Z", "");
    check("E0203 04:05:06.789012    1 reflector.go:1] failed", "2026-02-03T03:05:06.789012Z", "error");
    check("02-03 04:05:06.789  1702  2395 W WindowManager: x", "2026-02-03T03:05:06.789Z", "warn");
}

#[test]
fn access_logs_and_their_kin_are_known() {
    check(r#"1.2.3.4 - - [03/Feb/2026:04:05:06 +0000] "GET / HTTP/1.1" 200 5 "-" "-""#, "2026-02-03T04:05:06Z", "");
    check(r#"1.2.3.4 - - [03/Feb/2026:04:05:06 +0000] "GET /error HTTP/1.1" 502 5"#, "2026-02-03T04:05:06Z", "error");
    check(
        r#"www 1.2.3.4 - a b c d [03/Feb/2026:04:05:06 +0000] "GET / HTTP/2.0" 404 5"#,
        "2026-02-03T04:05:06Z",
        "warn",
    );
    check("[Tue Feb 03 04:05:06.789 2026] [core:error] [pid 1] x", "2026-02-03T03:05:06.789Z", "error");
    check(r#"INFO:     127.0.0.1:5 - "GET / HTTP/1.1" 500 Internal Server Error"#, "", "error");
    check("Tue, 03 Feb 2026 04:05:06 GMT x", "2026-02-03T04:05:06Z", "");
    check("1770091506.450    180 1.2.3.4 TCP_MISS/200 GET", "2026-02-03T04:05:06.45Z", "");
    check(
        "2026-02-03T04:05:06.1+00:00 heroku[router]: at=info method=GET path=\"/\" status=503",
        "2026-02-03T04:05:06.1Z",
        "error",
    );
}

#[test]
fn json_lines_state_both() {
    check(r#"{"level":50,"time":1770091506789,"msg":"x"}"#, "2026-02-03T04:05:06.789Z", "error");
    check(r#"{"level":"warning","ts":1770091506.5,"msg":"x"}"#, "2026-02-03T04:05:06.5Z", "warn");
    check(
        r#"{"message":"say \"level\": \"info\"", "severity": "CRITICAL", "timestamp": "2026-02-03T04:05:06Z"}"#,
        "2026-02-03T04:05:06Z",
        "fatal",
    );
    check(
        r#"{"t":{"$date":"2026-02-03T04:05:06.789+00:00"},"s":"W","c":"NETWORK"}"#,
        "2026-02-03T04:05:06.789Z",
        "warn",
    );
    check(r#"{"@timestamp":"2026-02-03T04:05:06Z","log":{"level":"error"}}"#, "2026-02-03T04:05:06Z", "error");
    check(r#"{"level":"info","ts":1770091506,"request":{"uri":"/"},"status":502}"#, "2026-02-03T04:05:06Z", "error");
    check(r#"2026-02-03T04:05:06Z app[web.1]: {"level":"debug"}"#, "2026-02-03T04:05:06Z", "debug");
    check(r#"{"a":{"b":{"level":"error"}},"cut":"off"#, "", "");
}

#[test]
fn logfmt_lines_state_both() {
    check(r#"time="2026-02-03T04:05:06Z" level=error msg="x""#, "2026-02-03T04:05:06Z", "error");
    check("logger=x t=2026-02-03T04:05:06.7Z level=info msg=y", "2026-02-03T04:05:06.7Z", "info");
    check("type=EXECVE msg=audit(1770091506.450:92): argc=1", "2026-02-03T04:05:06.45Z", "");
    check("url=/a?level=high user=1", "", "");
}

#[test]
fn levels_stand_in_many_forms() {
    for (text, level) in [
        ("ERROR: relation does not exist", "error"),
        ("ERROR:root:boom", "error"),
        ("2026-02-03 04:05:06 UTC [12] LOG:  ready", "info"),
        ("2026-02-03T04:05:06Z 0 [Note] [MY-1] [InnoDB] begin", "info"),
        ("E, [2026-02-03T04:05:06.789 #12] ERROR -- : x", "error"),
        ("<11>Feb  3 04:05:06 web1 app: x", "error"),
        ("npm ERR! code 1", "error"),
        ("warn: Microsoft.Hosting[0]", "warn"),
        ("fail: Microsoft.Hosting[0]", "error"),
        ("[2026-02-03 04:05:06 +0000] [12] [CRITICAL] WORKER TIMEOUT", "fatal"),
        ("[2026-02-03 04:05:06] production.ERROR: x", "error"),
        ("2026-02-03T04:05:06.789Z  WARN app::db: slow", "warn"),
        ("2026-02-03 04:05:06.789  INFO 1 --- [main] c.e.App : Started", "info"),
        ("2026-02-03T04:05:06Z app[abc] lhr [info]error: it broke", "info"),
        ("2026-02-03 04:05:06, Info                  CBS    x", "info"),
        ("panic: runtime error: index out of range", "fatal"),
        ("thread 'main' panicked at src/main.rs:2:5:", "error"),
        ("java.lang.IllegalStateException: x", "error"),
        ("TypeError: x is not a function", "error"),
        ("Traceback (most recent call last):", "error"),
        ("Error: Cannot find module", "error"),
        ("PHP Warning:  Undefined variable", "warn"),
        ("/app/index.js:3", "error"),
        ("/app/app.rb:3:in 'charge': no customer (RuntimeError)", "error"),
        ("fatal error: all goroutines are asleep - deadlock!", "fatal"),
        ("E/flutter ( 123): x", "error"),
    ] {
        let found = detect(text).level.map(|level| format!("{level:?}").to_lowercase()).unwrap_or_default();
        assert_eq!(found, level, "{text:?}");
    }
}

#[test]
fn words_of_a_sentence_are_no_level_and_dates_in_it_no_time() {
    for text in [
        "no error found",
        "Completed 200 OK in 5ms",
        "the certificate expires 2026-02-03 04:05:06",
        "retrying the errors of yesterday",
        "everything is fine, notice the alert",
        "user 1770091506 logged in",
        "GET /ERROR_REPORT 200",
        "04:05:06 without a date",
        "certificate valid until 2031-02-03T04:05:06Z",
        "2031-02-03T04:05:06Z is no time that has been",
        "03/04/2026 04:05:06 is one of two days",
        "2026-13-45 04:05:06 is no date",
        "",
    ] {
        assert_eq!((detect(text).time, detect(text).level), (None, None), "{text:?}");
    }
    check(r#"Started GET "/" for 127.0.0.1 at 2026-02-03 04:05:06 +0000"#, "2026-02-03T04:05:06Z", "");
}

#[test]
fn the_programs_own_text_begins_behind_what_the_platform_adds() {
    for (text, body) in [
        ("2026-02-03T04:05:06Z \tat x", "\tat x"),
        ("2026-02-03T04:05:06.789Z stderr F \tat x", "\tat x"),
        ("2026-02-03T04:05:06.1+00:00 app[web.1]:   from x", "  from x"),
        ("2026-02-03T04:05:06Z app[287e] iad [info]      at x", "      at x"),
        ("web-1  |     at x", "    at x"),
        ("web-1  | 2026-02-03T04:05:06Z     at x", "    at x"),
        ("plain", "plain"),
    ] {
        assert_eq!(&text[detect(text).body..], body, "{text:?}");
    }
    assert!(detect("2026-02-03 04:05:06 CET [12] DETAIL:  Key exists").adds);
    assert!(!detect("2026-02-03 04:05:06 CET [12] ERROR:  x").adds);
}

proptest::proptest! {
    #[test]
    fn any_line_can_be_looked_at(text in "\\PC{0,60}", digits in "[0-9@{\":.,/TZ+=-]{0,40}") {
        detect(&text);
        detect(&digits);
        detect(&format!("{digits} {text}"));
        detect(&format!("{{\"time\":\"{digits}\",\"level\":{digits}"));
    }
}
