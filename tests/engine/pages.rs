//! Pages and lists that never end, go in circles or lead elsewhere.

use std::sync::atomic::{AtomicUsize, Ordering};

use crashcart::model::source::Found;

use crate::harness::*;

fn paged(paging: &str) -> String {
    format!(
        "[alerts]\nget = \"/alerts\"\nquery = \"{{cursor: $cursor}}\"\nmap = \"[.items[]? | {{id}}]\"\npaging = {paging}\n"
    )
}

fn items(more: &str) -> Vec<u8> {
    reply(200, "", &format!("{{\"items\": [{{\"id\": \"1\"}}]{more}}}"))
}

#[tokio::test]
async fn the_next_page_is_not_asked_for_at_another_place() {
    let bench = Bench::new(&[("linked", &paged("{ link = true }")), ("named", &paged("{ url = \".next\" }"))]);
    let elsewhere = Replies::start(|_| items(""));
    let target = elsewhere.url("/alerts?token=s3cr3t-cursor");
    let linked = target.clone();
    let link = Replies::start(move |_| {
        reply(200, &format!("Link: <{linked}>; rel=\"next\"\r\n"), "{\"items\": [{\"id\": \"1\"}]}")
    });
    let named = Replies::start(move |_| items(&format!(", \"next\": \"{target}\"")));
    for (name, server) in [("linked", &link), ("named", &named)] {
        let mapped = bench.read(&source(name, server.url(""))).await.unwrap();
        let problem = mapped.problems[0].as_str();
        assert_eq!(problem, format!("the next page is at another place, {}: not followed", elsewhere.url("/alerts")));
        assert_eq!(mapped.found.count(), 1);
    }
    assert_eq!(elsewhere.requests(), [""; 0]);
}

#[tokio::test]
async fn pages_without_an_end_and_in_circles_are_left() {
    let definitions = [
        ("few", paged("{ cursor = \".next\", pages = 3 }")),
        ("cursors", paged("{ cursor = \".next\", pages = 50 }")),
        ("links", paged("{ link = true, pages = 50 }")),
        ("urls", paged("{ url = \".next\", pages = 50 }")),
    ];
    let list: Vec<(&str, &str)> = definitions.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let bench = Bench::new(&list);
    let count = AtomicUsize::new(0);
    let endless = Replies::start(move |_| items(&format!(", \"next\": {}", count.fetch_add(1, Ordering::SeqCst))));
    assert_eq!(bench.read(&source("few", endless.url(""))).await.unwrap().found.count(), 3);
    assert_eq!(endless.requests().len(), 3);
    assert_eq!(bench.read(&source("cursors", endless.url(""))).await.unwrap().found.count(), 50);
    // From a to b to a.
    let circle = |request: &str| if request.contains("cursor=a") { "b" } else { "a" };
    let cursors = Replies::start(move |request| items(&format!(", \"next\": \"{}\"", circle(request))));
    let links = Replies::start(move |request| {
        let link = format!("Link: </alerts?cursor={}>; rel=\"next\"\r\n", circle(request));
        reply(200, &link, "{\"items\": [{\"id\": \"1\"}]}")
    });
    let urls = Replies::start(move |request| items(&format!(", \"next\": \"/alerts?cursor={}\"", circle(request))));
    for (name, server) in [("cursors", &cursors), ("links", &links), ("urls", &urls)] {
        let mapped = bench.read(&source(name, server.url(""))).await.unwrap();
        assert!(matches!(mapped.found, Found::Alerts(_)));
        assert_eq!(server.requests().len(), 3, "{name}: the first, a and b");
    }
}

#[tokio::test]
async fn a_list_of_a_thousand_is_not_asked_one_by_one_and_that_is_said() {
    let each = "[alerts]\nrequests = [{ get = \"/list\", bind = { all = \".\" } }]\nname = \"see each project\"\neach = \"$all\"\nget = \"/alerts/{item}\"\nmap = \"[.[] | {id}]\"\n";
    let bench = Bench::new(&[("each", each)]);
    let server = Replies::start(|request| {
        if request.starts_with("GET /list") {
            return reply(200, "", &format!("{:?}", (0..1_000).collect::<Vec<_>>()));
        }
        let id = request.split([' ', '/']).nth(3).unwrap_or_default();
        reply(200, "", &format!("{{\"id\": \"{id}\"}}"))
    });
    let mapped = bench.read(&source("each", server.url(""))).await.unwrap();
    assert_eq!((mapped.found.count(), server.requests().len()), (50, 51));
    assert_eq!(mapped.problems[0].as_str(), "see each project: there are 1000, and only 50 are asked for");
}
