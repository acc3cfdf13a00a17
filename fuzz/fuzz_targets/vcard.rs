//! Any bytes are read as a vCard: nothing panics, what is read is harmless, and what is written again is the same.

#![no_main]

use crashcart::contacts::vcard::{Version, read, write};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let import = read(bytes);
    for contact in &import.contacts {
        assert!(contact.ways().all(|way| !way.address.as_str().contains(['\u{1b}', '\n', '\r'])));
    }
    for version in [Version::V2, Version::V3, Version::V4] {
        let again = read(write(&import.contacts, version).as_bytes());
        assert_eq!(again.contacts.len(), import.contacts.len(), "{version:?}");
    }
});
