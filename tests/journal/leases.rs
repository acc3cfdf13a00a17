//! One acts at a time, and whoever has gone does not lock a place for ever.

use std::time::Duration;

use crashcart::journal::{Approved, JournalError, Taken};
use crashcart::model::operation::{Lease, OperationEvent, Verdict};
use crashcart::model::text::Line;

use super::place::{Place, an_operation, approved, at, claimed, draft, intact, operation, worker};

const STALE: u64 = Lease::STALE_AFTER.as_secs();

fn ours(taken: &Taken) -> bool {
    matches!(taken, Taken::Ours { replaced: None })
}

#[test]
fn a_live_lease_is_never_taken_and_its_holder_may_ask_again() {
    let place = Place::new();
    let mut journal = place.open();
    assert!(ours(&journal.take_lease("k", &operation(1), &worker("a"), at(0), false).unwrap()));
    for take_over in [false, true] {
        let taken = journal.take_lease("k", &operation(2), &worker("b"), at(STALE - 1), take_over).unwrap();
        assert!(matches!(taken, Taken::Held(lease) if lease.worker.holder.as_str() == "a"));
    }
    assert!(ours(&journal.take_lease("k", &operation(1), &worker("a"), at(1), false).unwrap()));
    assert!(ours(&journal.take_lease("other", &operation(2), &worker("b"), at(1), false).unwrap()));
    assert_eq!(journal.leases().unwrap().len(), 2);
}

#[test]
fn a_lease_without_a_sign_of_life_is_taken_over_by_who_says_so_and_the_old_holder_writes_nothing_more() {
    let place = Place::new();
    let mut journal = place.open();
    an_operation(&mut journal, 1);
    journal.take_lease("k", &operation(1), &worker("a"), at(0), false).unwrap();
    journal.beat("k", "a", at(5)).unwrap();
    let later = at(5 + STALE);
    assert!(matches!(journal.take_lease("k", &operation(1), &worker("b"), later, false).unwrap(), Taken::Held(_)));
    let Taken::Ours { replaced: Some(old) } =
        journal.take_lease("k", &operation(1), &worker("b"), later, true).unwrap()
    else {
        panic!("it was not taken")
    };
    assert_eq!((old.worker.holder.as_str(), old.beat_at), ("a", at(5)));

    let event = OperationEvent::PlatformSaid { said: Line::from_text("late") };
    for refused in
        [journal.append_held(&draft(1, 20, event), "k", "a", later).map(|_| ()), journal.beat("k", "a", later)]
    {
        assert!(matches!(&refused, Err(JournalError::LostLease { holder }) if holder == "kim@web1"), "{refused:?}");
    }
    // Giving back what is another's takes nothing from it.
    journal.release("k", "a").unwrap();
    let entry = journal.append_held(&draft(1, 20, super::place::finished(1)), "k", "b", later).unwrap();
    assert_eq!(entry.seq, 6);
    journal.release("k", "b").unwrap();
    assert_eq!(journal.leases().unwrap(), []);
}

#[test]
fn a_stale_lease_of_an_operation_that_has_ended_is_free() {
    let place = Place::new();
    let mut journal = place.open();
    journal.append(&draft(1, 0, approved(1))).unwrap();
    journal.append(&draft(1, 0, OperationEvent::CancelAsked { by: super::place::kim(), why: None })).unwrap();
    journal.take_lease("k", &operation(1), &worker("a"), at(0), false).unwrap();
    let said = Line::from_text("stopped");
    journal.append(&draft(1, 1, OperationEvent::Ended { verdict: Verdict::Cancelled, said })).unwrap();
    let taken = journal.take_lease("k", &operation(2), &worker("b"), at(STALE), false).unwrap();
    assert!(matches!(taken, Taken::Ours { replaced: Some(_) }));
}

#[test]
fn a_clock_that_was_set_back_does_not_lock_a_place_for_ever() {
    let place = Place::new();
    let mut journal = place.open();
    let tomorrow = at(86_400);
    journal.take_lease("k", &operation(1), &worker("a"), tomorrow, false).unwrap();
    let taken = journal.take_lease("k", &operation(1), &worker("b"), at(0), true).unwrap();
    assert!(matches!(taken, Taken::Ours { replaced: Some(_) }), "{taken:?}");

    let mut later = draft(3, 86_400, approved(3));
    later.at = tomorrow;
    assert!(matches!(journal.approve(&later, "other", tomorrow).unwrap(), Approved::Written(_)));
    assert!(matches!(journal.approve(&draft(4, 0, approved(4)), "other", at(0)).unwrap(), Approved::Written(_)));
    // Entries keep the order in which they were written, whatever their clocks said.
    let written: Vec<_> = journal.since(0, 10).unwrap().into_iter().map(|entry| (entry.seq, entry.at)).collect();
    assert_eq!(written, [(1, tomorrow), (2, at(0))]);
    intact(&place.state());
}

#[test]
fn what_was_approved_a_moment_ago_keeps_others_off_until_its_worker_comes_or_does_not() {
    let place = Place::new();
    let mut journal = place.open();
    let mut approve = |number, key: &str, second| {
        let found = journal.approve(&draft(number, second, approved(number)), key, at(second)).unwrap();
        matches!(found, Approved::Written(_))
    };
    assert!(approve(1, "k", 100));
    assert!(!approve(2, "k", 100));
    assert!(approve(3, "another", 100));
    // Its own clock was read before the other one's approval was written.
    assert!(!approve(4, "k", 99));
    assert!(!approve(5, "k", 114));
    assert!(approve(6, "k", 115));
}

#[test]
fn nobody_approves_beside_a_worker_that_lives() {
    let place = Place::new();
    let mut journal = place.open();
    journal.approve(&draft(1, 0, approved(1)), "k", at(0)).unwrap();
    journal.take_lease("k", &operation(1), &worker("a"), at(1), false).unwrap();
    journal.append_held(&draft(1, 1, claimed("a")), "k", "a", at(1)).unwrap();
    journal.beat("k", "a", at(60)).unwrap();
    let busy = journal.approve(&draft(2, 61, approved(2)), "k", at(61)).unwrap();
    assert_eq!(busy, Approved::Busy { by: "kim@web1".to_owned(), operation: operation(1) });
    assert_eq!(journal.since(0, 10).unwrap().len(), 2, "who is busy writes nothing");
    let gone = at(60) + Lease::STALE_AFTER + Duration::from_secs(1);
    assert!(matches!(journal.approve(&draft(2, 80, approved(2)), "k", gone).unwrap(), Approved::Written(_)));
}

#[test]
fn a_holder_whose_words_are_not_understood_holds_it_all_the_same() {
    let place = Place::new();
    let mut journal = place.open();
    journal.take_lease("k", &operation(1), &worker("a"), at(0), false).unwrap();
    place.raw().execute("UPDATE lease SET worker = '{\"a newer\": \"shape\"}'", []).unwrap();
    assert!(matches!(journal.take_lease("k", &operation(2), &worker("b"), at(1), true).unwrap(), Taken::Held(_)));
    journal.beat("k", "a", at(2)).unwrap();
}
