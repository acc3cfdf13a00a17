//! Releases in folders and a link to one of them, as Capistrano leaves them: on this machine, with nothing else installed.

use std::fs;
use std::os::unix::fs::symlink;

use super::bench::Bench;

#[test]
fn a_link_goes_back_to_the_release_that_worked() {
    let directory = tempfile::tempdir().unwrap();
    let app = directory.path();
    for (release, page) in [("20261031100000", "works"), ("20261101020000", "broken")] {
        fs::create_dir_all(app.join("releases").join(release)).unwrap();
        fs::write(app.join("releases").join(release).join("page"), page).unwrap();
    }
    symlink("releases/20261101020000", app.join("current")).unwrap();
    fs::write(app.join("revisions.log"), "").unwrap();
    let config = format!(
        "[sources.web]\nprovider = \"releases-over-ssh\"\n\n[[services]]\nname = \"shop\"\n\
         release = {{ source = \"web\", path = \"{0}\" }}\n\
         checks = [{{ command = [\"sh\", \"-c\", \"grep -q works {0}/current/page || exit 2\"] }}]\n",
        app.display()
    );
    let bench = Bench::new(&config);
    let told = bench.expect(&["rollback", "shop", "--yes", "--wait"], 0);
    assert!(told.contains("recovered after"), "{told}");
    assert_eq!(fs::read_link(app.join("current")).unwrap().to_str(), Some("releases/20261031100000"));
    bench.verify();
    let told = bench.expect(&["operations", "undo", "last", "--yes", "--wait", "--watch-for", "3s"], 1);
    assert!(told.contains("switch the link back"), "{told}");
    assert_eq!(fs::read_link(app.join("current")).unwrap().to_str(), Some("releases/20261101020000"));
    bench.verify();
}
