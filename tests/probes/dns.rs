//! Name servers that answer, refuse, lie late or say nothing.

use super::*;
use support::dns::{A, AAAA, Record};

fn ask_within(server: &NameServer, record: RecordType, expect: &[&str], timeout: u64) -> ProbeResult {
    let expect = expect.iter().map(|text| (*text).to_owned()).collect();
    let spec = DnsSpec { name: "shop.test".into(), record, resolver: Some(server.address), expect };
    run(ProbeSpec::Dns(spec), timeout)
}

fn ask(server: &NameServer, record: RecordType, expect: &[&str]) -> ProbeResult {
    ask_within(server, record, expect, 10_000)
}

fn facts(result: &ProbeResult) -> (Vec<&str>, Option<&str>) {
    let Facts::Dns(facts) = &result.facts else { panic!("{result:#?}") };
    (facts.answers.iter().map(Line::as_str).collect(), facts.resolver.as_ref().map(Line::as_str))
}

fn records() -> Vec<Record> {
    vec![
        Record::a(Ipv4Addr::new(192, 0, 2, 7)),
        Record::aaaa("2001:db8::7".parse().unwrap()),
        Record::mx(10, "mail.shop.test"),
        Record::txt("v=spf1 -all"),
    ]
}

#[test]
fn each_kind_of_record_is_found_and_compared_as_people_write_it() {
    let server = NameServer::start(Says::Records(records()));
    let check = |record, expect: &[&str], found: &[&str]| {
        let result = ask(&server, record, expect);
        assert_eq!((&result.outcome, facts(&result).0), (&Outcome::Pass, found.to_vec()), "{result:#?}");
        assert!(matches!(&result.facts, Facts::Dns(facts) if facts.ttl_secs == Some(300)));
        assert_eq!(facts(&result).1, Some(server.address.to_string().as_str()));
    };
    check(RecordType::A, &["192.0.2.7"], &["192.0.2.7"]);
    check(RecordType::Aaaa, &["2001:DB8:0::7"], &["2001:db8::7"]);
    check(RecordType::Address, &["192.0.2.7", "2001:db8::7"], &["192.0.2.7", "2001:db8::7"]);
    check(RecordType::Mx, &["10 Mail.shop.test"], &["10 mail.shop.test."]);
    check(RecordType::Txt, &["v=spf1 -all"], &["v=spf1 -all"]);
    let missing = ask(&server, RecordType::Address, &["2001:db8::7", "192.0.2.99"]);
    fails(&missing, Cause::AnswerChanged, "shop.test resolves to 192.0.2.7, 2001:db8::7, expected 192.0.2.99");
}

#[test]
fn a_long_text_in_several_parts_is_one_answer() {
    let text = "k=rsa; p=".to_owned() + &"A".repeat(500);
    let server = NameServer::start(Says::TooLong(Box::new(Says::Records(vec![Record::txt(&text)]))));
    assert_eq!(facts(&ask(&server, RecordType::Txt, &[&text])).0, [text.as_str()]);
}

#[test]
fn aliases_are_followed_and_are_no_addresses() {
    let server = NameServer::start(Says::Records(vec![
        Record::cname("web.shop.test"),
        Record::cname("edge.cdn.test").of("web.shop.test"),
        Record::a(Ipv4Addr::new(192, 0, 2, 7)).of("edge.cdn.test"),
    ]));
    assert_eq!(facts(&ask(&server, RecordType::A, &["192.0.2.7"])).0, ["192.0.2.7"]);
    let alias = ask(&server, RecordType::Cname, &["web.shop.test"]);
    assert_eq!(alias.outcome, Outcome::Pass, "{alias:#?}");
}

#[test]
fn no_such_name_no_such_record_a_broken_server_and_silence_are_four_things() {
    let server = NameServer::start(Says::Code(3));
    let at = server.address;
    let check = |says, record, cause, message: &str| {
        server.say(says);
        let result = ask_within(&server, record, &[], if message.starts_with("no answer") { 400 } else { 10_000 });
        let Outcome::Fail(finding) = &result.outcome else { panic!("it did not fail: {result:#?}") };
        assert_eq!((finding.cause, finding.message.as_str()), (cause, message));
        assert_eq!(facts(&result), (Vec::new(), Some(at.to_string().as_str())));
    };
    let (gone, failed) = (Cause::NameNotFound, Cause::ResolverFailed);
    let none = || Says::Records(Vec::new());
    check(Says::Code(3), RecordType::A, gone, &format!("shop.test does not exist (NXDOMAIN from {at})"));
    check(Says::Code(3), RecordType::Address, gone, &format!("shop.test does not exist (NXDOMAIN from {at})"));
    check(none(), RecordType::A, gone, &format!("shop.test has no A record, says {at}"));
    check(none(), RecordType::Mx, gone, &format!("shop.test has no MX record, says {at}"));
    check(none(), RecordType::Address, gone, &format!("shop.test has no address, says {at}"));
    check(Says::Code(2), RecordType::A, failed, &format!("{at} answered SERVFAIL for shop.test"));
    check(Says::Code(5), RecordType::A, failed, &format!("{at} answered REFUSED for shop.test"));
    check(Says::Silence, RecordType::A, failed, &format!("no answer within 400ms from {at} for shop.test"));
    check(Says::Silence, RecordType::Address, failed, &format!("no answer within 400ms from {at} for shop.test"));
    check(Says::Nonsense, RecordType::A, failed, &format!("no answer within 400ms from {at} for shop.test"));
}

#[test]
fn a_port_where_no_name_server_listens_is_told() {
    let closed = std::net::UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let spec = DnsSpec { name: "shop.test".into(), record: RecordType::A, resolver: Some(closed), expect: Vec::new() };
    let result = run(ProbeSpec::Dns(spec), 1_000);
    fails(&result, Cause::ResolverFailed, &format!("no answer within 1s from {closed} for shop.test"));
}

#[test]
fn a_late_answer_still_counts() {
    let late = |time: u64| Says::Late(Duration::from_millis(time), Box::new(Says::Records(records())));
    let server = NameServer::start(late(1_500));
    let result = ask(&server, RecordType::Address, &[]);
    assert_eq!(result.outcome, Outcome::Pass, "{result:#?}");
    assert!(result.took < Duration::from_millis(2_900), "both kinds are asked for at once: {:?}", result.took);
}

#[test]
fn half_an_answer_is_enough_unless_something_is_missed_in_it() {
    let four = || Box::new(Says::Records(records()));
    let server = NameServer::start(Says::Unless(AAAA, Box::new(Says::Code(2)), four()));
    assert_eq!(ask(&server, RecordType::Address, &["192.0.2.7"]).outcome, Outcome::Pass);
    fails(
        &ask(&server, RecordType::Address, &["192.0.2.7", "2001:db8::7"]),
        Cause::ResolverFailed,
        "answered SERVFAIL for shop.test",
    );
    server.say(Says::Unless(A, Box::new(Says::Records(Vec::new())), four()));
    assert_eq!(ask(&server, RecordType::Address, &["2001:db8::7"]).outcome, Outcome::Pass);
    fails(
        &ask(&server, RecordType::Address, &["192.0.2.7"]),
        Cause::AnswerChanged,
        "shop.test resolves to 2001:db8::7, expected 192.0.2.7",
    );
}

#[test]
fn an_answer_that_changes_is_told_in_the_next_probe() {
    let server = NameServer::start(Says::Addresses(vec![Ipv4Addr::new(192, 0, 2, 7)]));
    assert_eq!(ask(&server, RecordType::A, &["192.0.2.7"]).outcome, Outcome::Pass);
    server.say(Says::Addresses(vec![Ipv4Addr::new(198, 51, 100, 1)]));
    fails(
        &ask(&server, RecordType::A, &["192.0.2.7"]),
        Cause::AnswerChanged,
        "shop.test resolves to 198.51.100.1, expected 192.0.2.7",
    );
}
