//! What takes messages.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpStream};

use serde_json::json;

use super::support::servers::http;
use super::support::servers::messages::{MailSink, Ntfy};
use super::support::servers::system::{System, message};
use super::wait_for;

#[test]
fn the_mail_server_keeps_what_it_is_given() {
    let Some(sink) = MailSink::start() else { return };
    let mut stream = greet(sink.address);
    say(&mut stream, "MAIL FROM:<crashcart@example.com>", "250");
    say(&mut stream, "RCPT TO:<oncall@example.com>", "250");
    say(&mut stream, "DATA", "354");
    say(&mut stream, "Subject: api is down\r\n\r\nSince 02:14.\r\n.", "250");
    let mail = sink.wait_for_mail().expect("a mail");
    assert!(mail.contains("Subject: api is down") && mail.contains("oncall@example.com"), "{mail}");
}

#[test]
fn the_mail_server_can_insist_on_tls() {
    let key = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let Some(sink) = MailSink::start_tls(&key.cert.pem(), &key.signing_key.serialize_pem()) else { return };
    let mut stream = greet(sink.address);
    say(&mut stream, "MAIL FROM:<crashcart@example.com>", "530");
    say(&mut stream, "STARTTLS", "220");
}

#[test]
fn ntfy_keeps_a_message_for_its_topic() {
    let Some(ntfy) = Ntfy::start() else { return };
    assert_eq!(http::post(ntfy.address, "/oncall", &[], "api is down").unwrap().status, 200);
    let messages = wait_for("the message", || ntfy.messages("oncall"), |messages| !messages.is_empty());
    assert_eq!(messages[0]["message"], "api is down");
}

#[test]
fn an_incident_and_its_end_are_told_through_ntfy() {
    let Some(ntfy) = Ntfy::start() else { return };
    let system = System::new("ntfy", format!("http://{}", ntfy.address)).set("topic", "oncall");
    let mut message = message("checkout is down", "12% of the requests fail");
    system.act("send", &[("message", message.clone()), ("to", json!(null))]);
    message["resolved"] = json!(true);
    system.act("send", &[("message", message), ("to", json!("everybody"))]);
    let told = wait_for("the message", || ntfy.messages("oncall"), |messages| !messages.is_empty());
    assert_eq!((&told[0]["title"], &told[0]["priority"]), (&json!("checkout is down"), &json!(5)), "{told:#?}");
    assert_eq!(told[0]["message"], "12% of the requests fail");
    let told = wait_for("its end", || ntfy.messages("everybody"), |messages| !messages.is_empty());
    assert_eq!((&told[0]["title"], &told[0]["priority"]), (&json!("Resolved: checkout is down"), &json!(3)));
}

#[test]
fn a_mail_arrives_as_it_was_meant() {
    let Some(sink) = MailSink::start() else { return };
    let system = System::new("email", format!("smtp://{}", sink.address))
        .set("from", "crashcart <alerts@example.com>")
        .set("recipient", "kim@example.com");
    // Line breaks in a title must not become headers, and other alphabets must arrive.
    let message = message(
        "checkout is down\r\nBcc: everybody@example.com",
        "12% of the requests fail, \u{17d}i\u{17e}ek has been told",
    );
    system.act("send", &[("message", message), ("to", json!("oncall@example.com"))]);
    let mail = sink.wait_for_mail().expect("a mail");
    assert!(mail.contains("oncall@example.com") && !mail.contains("kim@example.com"), "{mail}");
    assert!(mail.contains("checkout is down") && mail.contains("12% of the requests fail"), "{mail}");
    assert!(!mail.lines().any(|line| line.starts_with("Bcc:")), "{mail}");
}

#[test]
fn a_mail_goes_to_a_server_that_insists_on_tls() {
    let key = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let Some(sink) = MailSink::start_tls(&key.cert.pem(), &key.signing_key.serialize_pem()) else { return };
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, key.cert.pem()).unwrap();
    let system = System::new("email", format!("smtp://localhost:{}", sink.address.port()))
        .set("from", "alerts@example.com")
        .set("recipient", "kim@example.com")
        .trusting(&ca);
    system.act("send", &[("message", message("checkout is down", "since 02:00")), ("to", json!(null))]);
    let mail = sink.wait_for_mail().expect("a mail");
    assert!(mail.contains("kim@example.com"), "{mail}");
}

fn greet(address: SocketAddr) -> BufReader<TcpStream> {
    let mut stream = BufReader::new(TcpStream::connect(address).unwrap());
    hear(&mut stream, "220");
    say(&mut stream, "EHLO night", "250");
    stream
}

fn say(stream: &mut BufReader<TcpStream>, line: &str, expected: &str) {
    stream.get_mut().write_all(format!("{line}\r\n").as_bytes()).unwrap();
    hear(stream, expected);
}

fn hear(stream: &mut BufReader<TcpStream>, expected: &str) {
    let mut answer = String::new();
    // An answer of several lines has a hyphen behind the code of all but the last.
    while answer.lines().next_back().is_none_or(|line| line.get(3..4) != Some(" ")) {
        assert!(stream.read_line(&mut answer).unwrap() > 0, "cut off after {answer:?}");
    }
    assert!(answer.starts_with(expected), "{answer:?}");
}
