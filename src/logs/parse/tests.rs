use super::*;

fn parse(text: &str) -> Vec<LogLine> {
    let mut parser = LineParser::new(TimeZone::UTC);
    text.lines().map(|line| parser.parse(line.as_bytes(), None, Timestamp::from_secs(1_800_000_000))).collect()
}

/// Each line of `text` begins with `=` if it is a head and with `+` if it continues.
#[track_caller]
fn check(text: &str) {
    let text = text.trim_start_matches('\n');
    let lines: String = text.lines().map(|line| format!("{}\n", &line[1..])).collect();
    let found: String = parse(&lines)
        .iter()
        .zip(text.lines())
        .map(|(line, original)| format!("{}{}\n", if line.continues { '+' } else { '=' }, &original[1..]))
        .collect();
    assert_eq!(found, text);
}

#[test]
fn a_line_carries_what_it_states_and_where_it_stood() {
    let mut parser = LineParser::new(TimeZone::UTC);
    let received = Timestamp::from_secs(1_800_000_000);
    let line = parser.parse(b"2026-02-03T04:05:06Z \x1b[31mERROR\x1b[0m disk full\r", Some(77), received);
    assert_eq!(line.text.as_str(), "2026-02-03T04:05:06Z ERROR disk full");
    assert_eq!((line.level, line.continues, line.offset), (Some(Level::Error), false, Some(77)));
    assert_eq!(line.time(), Timestamp::parse_rfc3339("2026-02-03T04:05:06Z").unwrap());
    let line = parser.parse(b"no time", None, received);
    assert_eq!((line.stated, line.time()), (None, received));
}

#[test]
fn java_traces_stay_together() {
    check(
        "
=2026-02-03 04:05:06,789 ERROR [main] c.e.App - charge failed
+java.lang.IllegalStateException: no customer
+\tat com.example.App.charge(App.java:12)
+\tat com.example.App.main(App.java:5)
+Caused by: java.io.IOException: reset
+\tat com.example.Net.read(Net.java:3)
+\t... 2 more
=2026-02-03 04:05:07,000 INFO [main] c.e.App - next
=Exception in thread \"main\" java.lang.NullPointerException
+\tat com.example.App.main(App.java:5)
",
    );
}

#[test]
fn python_traces_stay_together() {
    check(
        "
=2026-02-03 04:05:06,789 ERROR root boom
+Traceback (most recent call last):
+  File \"/app/x.py\", line 3, in f
+    g()
+KeyError: 'a'
+
+During handling of the above exception, another exception occurred:
+
+Traceback (most recent call last):
+  File \"/app/x.py\", line 5, in h
+ValueError: bad
=2026-02-03 04:05:07,000 INFO root next
=Traceback (most recent call last):
+  File \"/app/y.py\", line 1, in <module>
+requests.exceptions.ConnectionError: refused
=a line that print() wrote
",
    );
}

#[test]
fn go_panics_stay_together() {
    check(
        "
=2026/02/03 04:05:06 listening
=panic: runtime error: index out of range [5] with length 3
+
+goroutine 1 [running]:
+main.main()
+\t/app/main.go:7 +0x1d
+created by main.start in goroutine 1
+\t/app/main.go:3 +0x2
+exit status 2
=2026/02/03 04:05:07 http: panic serving 127.0.0.1:5: boom
+goroutine 24 [running]:
+net/http.(*conn).serve.func1(0xc0000)
+\t/usr/local/go/src/net/http/server.go:1746 +0xd0
+panic(0x12472a0, 0x12ece10)
+\t/usr/local/go/src/runtime/panic.go:513 +0x1b9
=2026-02-03T04:05:07Z\terror\texporter/queue.go:128\tfailed
+go.example.com/exporter.(*batcher[...]).Consume
+\tgo.example.com/exporter@v0.1/batcher.go:23
=2026/02/03 04:05:08 listening
",
    );
}

#[test]
fn rust_panics_stay_together() {
    check(
        "
=thread 'main' panicked at src/main.rs:2:5:
+called `Result::unwrap()` on an `Err` value: \"no\"
+stack backtrace:
+   0: rust_begin_unwind
+             at /rustc/library/std/src/panicking.rs:645:5
+note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace
=Error: cannot open the file
+
+Caused by:
+    No such file or directory (os error 2)
=2026-02-03T04:05:06Z  INFO app: next
",
    );
}

#[test]
fn node_ruby_net_and_php_traces_stay_together() {
    check(
        "
=/app/index.js:3
+  throw new Error('boom')
+  ^
+
+Error: boom
+    at Object.<anonymous> (/app/index.js:3:9)
+    at async run (/app/run.js:1:2) {
+  code: 'EBOOM'
+}
+
+Node.js v20.1.0
=/app/app.rb:3:in 'charge': no customer (RuntimeError)
+\tfrom /app/app.rb:7:in '<main>'
=Unhandled exception. System.InvalidOperationException: boom
+ ---> System.Exception: inner
+   at App.Program.Main() in /app/Program.cs:line 5
+   --- End of inner exception stack trace ---
=Unhandled exception:
+FormatException: bad data
+#0      main (file:///app/main.dart:8:3)
+<asynchronous suspension>
=PHP Fatal error:  Uncaught Exception: boom in /app/x.php:3
+Stack trace:
+#0 /app/y.php(7): f()
+#1 {main}
+  thrown in /app/x.php on line 3
",
    );
}

#[test]
fn lines_that_a_platform_stamped_one_by_one_stay_together() {
    check(
        "
=2026-02-03T04:05:06.1Z stderr F java.lang.IllegalStateException: x
+2026-02-03T04:05:06.1Z stderr F \tat com.example.App.main(App.java:5)
+2026-02-03T04:05:06.1Z stderr F Caused by: java.io.IOException: reset
=2026-02-03T04:05:06.2Z stdout F ready
=2026-02-03T04:05:06.1+00:00 app[web.1]: RuntimeError (boom):
+2026-02-03T04:05:06.1+00:00 app[web.1]:   app/models/user.rb:17:in `call'
=web-1  | Error: boom
+web-1  |     at f (/app/x.js:1:2)
=web-1  | ready
=2026-02-03T04:05:06Z app[287e] iad [info]info: Microsoft.AspNetCore[0]
+2026-02-03T04:05:06Z app[287e] iad [info]      Executing endpoint
",
    );
}

#[test]
fn a_databases_details_stay_with_its_error() {
    check(
        "
=2026-02-03 04:05:06 UTC [12] ERROR:  duplicate key value
+2026-02-03 04:05:06 UTC [12] DETAIL:  Key (id)=(1) already exists.
+2026-02-03 04:05:06 UTC [12] STATEMENT:  insert into t
+\tvalues (1)
=2026-02-03 04:05:07 UTC [12] LOG:  checkpoint
",
    );
}

#[test]
fn what_could_stand_alone_stands_alone() {
    check(
        "
=    the first line is a head even if it is indented
=starting
=listening on 8080
=2026-02-03T04:05:06Z  INFO spaces before a level are no indent
=2026-02-03T04:05:06Z   nor are they after a time
=at last a sentence, at noon
=TypeError: undefined is not a function
+    at f (/app/x.js:1:2)
=RangeError: another one
",
    );
}

#[test]
fn an_interruption_begins_a_new_entry() {
    let mut parser = LineParser::new(TimeZone::UTC);
    let at = Timestamp::from_secs(0);
    parser.parse(b"boom", None, at);
    assert!(parser.parse(b"\tat x", None, at).continues);
    parser.interrupt();
    assert!(!parser.parse(b"\tat y", None, at).continues);
}
