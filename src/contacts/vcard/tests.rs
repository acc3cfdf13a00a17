use proptest::prelude::*;

use super::super::tests::contact;
use super::*;
use crate::model::contact::{ContactKind, WayKind};

fn one(text: &str) -> Contact {
    let import = read(text.as_bytes());
    assert_eq!(import.problems, [], "{text}");
    assert_eq!(import.contacts.len(), 1, "{text}");
    import.contacts[0].clone()
}

fn card(lines: &str) -> Contact {
    one(&format!("BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Kim\r\n{lines}\r\nEND:VCARD\r\n"))
}

fn phones(contact: &Contact) -> Vec<(&str, WayKind)> {
    contact.phones.iter().map(|way| (way.address.as_str(), way.kind)).collect()
}

fn problems(text: &str) -> Vec<String> {
    read(text.as_bytes()).problems.iter().map(|it| format!("{}: {}", it.line, it.message)).collect()
}

#[test]
fn a_number_is_found_however_it_is_written() {
    for (line, number, kind) in [
        ("TEL:+49 30 901820", "+49 30 901820", WayKind::Other),
        ("tel;cell;voice:+49 30 901820", "+49 30 901820", WayKind::Mobile),
        ("TEL;TYPE=WORK,FAX:+49 30 901820", "+49 30 901820", WayKind::Fax),
        ("TEL;TYPE=\"home,voice\";VALUE=uri:tel:+49-30-901820;ext=17", "+49-30-901820 ext. 17", WayKind::Home),
        ("TEL;TYPE=pager;TYPE=pref:+49 30 901820", "+49 30 901820", WayKind::Pager),
        ("item1.TEL:+49 30\r\n  901820", "+49 30 901820", WayKind::Other),
        ("TEL;X-ID=\"a:b;c\";TYPE=MAIN:+49 30 901820", "+49 30 901820", WayKind::Main),
        ("TEL;WORK;ENCODING=QUOTED-PRINTABLE:=2B49 30=\r\n 901820", "+49 30 901820", WayKind::Work),
        ("TEL;TYPE=\"broken:+49 30 901820", "+49 30 901820", WayKind::Other),
    ] {
        assert_eq!(phones(&card(line)), [(number, kind)], "{line}");
    }
    let sip = card("TEL;VALUE=uri:sip:kim@acme.com");
    assert_eq!((sip.phones.len(), sip.chat[0].address.as_str()), (0, "sip:kim@acme.com"));
}

#[test]
fn the_preferred_number_comes_first() {
    let contact = card("TEL:1111\r\nTEL;TYPE=pref:2222\r\nTEL;PREF=2:3333");
    assert_eq!(contact.phones.iter().map(|way| way.address.as_str()).collect::<Vec<_>>(), ["2222", "3333", "1111"]);
}

#[test]
fn characters_survive_folding_encoding_and_sets() {
    let folded: Vec<u8> = b"BEGIN:VCARD\nVERSION:3.0\nFN:J\xc3\n \xbcrgen\nEND:VCARD\n".to_vec();
    assert_eq!(read(&folded).contacts[0].name.as_str(), "Jürgen");
    let quoted = "BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;J=C3=\r\n=BCrgen\r\nEND:VCARD\r\n";
    assert_eq!(one(quoted).name.as_str(), "Jürgen Müller");
    let western = b"BEGIN:VCARD\r\nVERSION:2.1\r\nFN;CHARSET=ISO-8859-1:J\xfcrgen\r\nEND:VCARD\r\n";
    assert_eq!(read(western).contacts[0].name.as_str(), "Jürgen");
    let unsaid = read(b"BEGIN:VCARD\r\nVERSION:2.1\r\nFN:J\xfcrgen\r\nEND:VCARD\r\n");
    assert_eq!((unsaid.contacts[0].name.as_str(), unsaid.problems[0].line), ("Jürgen", 3));
    let wide: Vec<u8> =
        "\u{feff}BEGIN:VCARD\r\nFN:Jürgen\r\nEND:VCARD\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(read(&wide).contacts[0].name.as_str(), "Jürgen");
    assert_eq!(one("BEGIN:VCARD\rFN:Old Mac\rEND:VCARD\r").name.as_str(), "Old Mac");
    assert_eq!(one("\u{feff}BEGIN:VCARD\nFN:A\\, B\\; C\nEND:VCARD").name.as_str(), "A, B; C");
}

#[test]
fn labels_of_groups_are_notes() {
    let contact = card(
        "item1.TEL:1111\r\nitem1.X-ABLabel:_$!<Assistant>!$_\r\nitem2.URL:https://a.example\r\nitem2.X-ABLabel:wiki",
    );
    assert_eq!(contact.phones[0].note.as_ref().unwrap().as_str(), "Assistant");
    assert_eq!(contact.urls[0].note.as_ref().unwrap().as_str(), "wiki");
}

#[test]
fn pictures_are_left_out_and_counted_and_take_nothing_along() {
    let text = "BEGIN:VCARD\nVERSION:2.1\nFN:Kim\nPHOTO;ENCODING=BASE64;JPEG:AAAA\nBBBB/TEL\n  CCCC==\n\nTEL:1111\nBDAY:1980-01-01\nEND:VCARD\n";
    let import = read(text.as_bytes());
    assert_eq!(import.problems, []);
    assert_eq!(phones(&import.contacts[0]), [("1111", WayKind::Other)]);
    assert_eq!(import.ignored.into_iter().collect::<Vec<_>>(), [("BDAY".to_owned(), 1), ("PHOTO".to_owned(), 1)]);
}

#[test]
fn an_assistant_is_a_contact_of_their_own() {
    let inner = "BEGIN:VCARD\\nFN:Susan\\nTEL:+1-919-555-1234\\nEND:VCARD\\n";
    let text = format!("BEGIN:VCARD\nVERSION:3.0\nFN:Kim\nAGENT:{inner}\nTEL:1111\nEND:VCARD\n");
    let import = read(text.as_bytes());
    let names: Vec<&str> = import.contacts.iter().map(|contact| contact.name.as_str()).collect();
    assert_eq!(names, ["Susan", "Kim"]);
    let nested = "BEGIN:VCARD\nFN:Kim\nAGENT:\nBEGIN:VCARD\nFN:Susan\nTEL:2222\nEND:VCARD\nTEL:1111\nEND:VCARD\n";
    let import = read(nested.as_bytes());
    assert_eq!(import.contacts.iter().map(|it| it.phones.len()).collect::<Vec<_>>(), [1, 1]);
}

#[test]
fn what_is_broken_is_said_with_its_line_and_takes_nothing_along() {
    let text = "FN:nobody\nBEGIN:VCARD\nFN:Kim\nwhat is this\nTEL:1111\nEND:VCARD\nEND:VCARD\nBEGIN:VCARD\nTEL:2222\n";
    assert_eq!(
        problems(text),
        [
            "1: this stands outside of a card (BEGIN:VCARD)",
            "4: `what is this` is no property: there is no colon behind a name",
            "7: a card ends here that has not begun",
            "8: the card that begins here has no end (END:VCARD); it was read as far as it goes",
        ]
    );
    let names: Vec<String> = read(text.as_bytes()).contacts.iter().map(|it| it.name.to_string()).collect();
    assert_eq!(names, ["Kim", "2222"]);
    assert_eq!(problems(""), ["1: there is no vCard in this file"]);
}

#[test]
fn two_of_one_name_are_both_kept_and_one_that_is_there_twice_is_one() {
    let text = "BEGIN:VCARD\nFN:Kim\nTEL:1111\nEND:VCARD\n".repeat(2) + "BEGIN:VCARD\nFN:Kim\nTEL:2222\nEND:VCARD\n";
    let names: Vec<String> = read(text.as_bytes()).contacts.iter().map(|it| it.name.to_string()).collect();
    assert_eq!(names, ["Kim", "Kim (2)"]);
    assert_eq!(problems(&text), ["5: `Kim` is there twice; once is enough"]);
}

#[test]
fn a_card_cannot_paint_on_the_terminal() {
    let contact = card("TEL:\u{1b}[2J+49\r\nNOTE:\u{1b}]0;title\u{7}\u{202e}x");
    let text = serde_json::to_string(&contact).unwrap();
    assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}']) && !text.contains("\\u001b"), "{text}");
}

#[test]
fn phones_get_version_3_with_short_lines() {
    let contact = Contact {
        kind: ContactKind::Vendor,
        notes: vec![Line::from_text(&"wörter ".repeat(30))],
        account: Some(Line::from_text("acct_1")),
        phones: vec![crate::model::contact::Way {
            kind: WayKind::Support,
            ..crate::model::contact::Way::to("+1 888 926 2289")
        }],
        ..Contact::named("Stripe, Inc.")
    };
    let text = write(std::slice::from_ref(&contact), Version::V3);
    assert!(
        text.starts_with("BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Stripe\\, Inc.\r\nN:;;;;\r\nORG:Stripe\\, Inc.\r\n"),
        "{text}"
    );
    assert!(text.contains("item1.TEL;TYPE=VOICE:+1 888 926 2289\r\nitem1.X-ABLabel:support\r\n"), "{text}");
    assert!(text.split("\r\n").all(|line| line.len() <= 75 && !line.contains('\n')), "{text}");
    let unfolded = text.replace("\r\n ", "");
    assert!(unfolded.contains("\\nAccount: acct_1\r\n"), "{unfolded}");
}

proptest! {
    #[test]
    fn a_contact_survives_being_written_and_read(contact in contact()) {
        for version in [Version::V2, Version::V3, Version::V4] {
            let text = write(std::slice::from_ref(&contact), version);
            let import = read(text.as_bytes());
            prop_assert_eq!(&import.problems, &[], "{:?}\n{}", version, text);
            prop_assert_eq!(&import.contacts, std::slice::from_ref(&contact), "{:?}\n{}", version, text);
        }
    }

    #[test]
    fn a_contact_survives_the_file(contact in contact()) {
        let text = super::super::file::block(&contact);
        let (contacts, diagnostics) = crate::config::contacts::load(&text);
        prop_assert!(diagnostics.iter().all(|it| it.message.as_str().contains("cannot be reached")), "{:?}\n{}", diagnostics, text);
        prop_assert_eq!(&contacts, std::slice::from_ref(&contact), "{}", text);
    }

    #[test]
    fn nothing_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200), text in "(BEGIN:VCARD\n|END:VCARD\n|[A-Z;=\":\\\\.]{1,9}|\r\n |TEL|;ENCODING=QUOTED-PRINTABLE:|=\n|\\PC){0,40}") {
        let _ = read(&bytes);
        for contact in read(text.as_bytes()).contacts {
            let _ = read(write(std::slice::from_ref(&contact), Version::V2).as_bytes());
        }
    }
}
