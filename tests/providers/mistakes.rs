//! Mistakes in definitions: one sentence each, at its place, before anything is asked.

use crashcart::provider::definition::read;

const HEAD: &str =
    "[provider]\nname = \"own\"\ntitle = \"Own\"\nkind = \"monitoring\"\nbase_url = \"https://own.test\"\n";
const ALERTS: &str = "[alerts]\nget = \"/alerts\"\nmap = \"[.[]? | {id}]\"\n";

/// Returns every error as `line:column sentence`, counted from the line after the head.
fn errors(text: &str) -> Vec<String> {
    let (whole, head) = (format!("{HEAD}{text}"), HEAD.lines().count());
    let Err(found) = read(&whole) else { return Vec::new() };
    let at = |line: usize| if line > head { (line - head).to_string() } else { format!("head {line}") };
    found.iter().map(|error| format!("{}:{} {}", at(error.line), error.column, error.message)).collect()
}

/// Returns what is wrong with what was found, or nothing.
fn unlike(text: &str, expected: &str) -> Option<String> {
    let found = errors(text);
    (!found.iter().any(|error| error == expected)).then(|| format!("{text}\n-> {found:#?}\nnot {expected}\n"))
}

#[test]
fn what_is_right_is_accepted() {
    assert_eq!(errors(ALERTS), Vec::<String>::new());
}

#[test]
fn each_mistake_is_one_sentence_at_its_place() {
    let action = |steps: &str| {
        format!(
            "{ALERTS}[actions.restart]\ntitle = \"restart\"\ntarget = \"service\"\nmeans = \"restart\"\n[[actions.restart.steps]]\n{steps}"
        )
    };
    let cases = [
        ("".to_owned(), "head 1:1 the definition can neither read nor do anything"),
        (format!("rate_limit = \"often\"\n{ALERTS}"), "1:14 this is no rate"),
        (
            format!("auth = {{ bearer = \"tokne\" }}\n[secrets.token]\nhelp = \"t\"\n{ALERTS}"),
            "1:19 there is no secret `tokne`",
        ),
        (format!("[params.url]\nhelp = \"h\"\n{ALERTS}"), "1:9 `url` means something to every source already"),
        (format!("[params.limit]\nhelp = \"h\"\n{ALERTS}"), "1:9 `limit` is what alerts is given, and hides this one"),
        (
            format!("[secrets.page]\nhelp = \"h\"\n{ALERTS}"),
            "1:10 `page` is what every program is given, and hides this one",
        ),
        (
            format!("[params.user]\nhelp = \"h\"\n{}", action("name = \"r\"\npost = \"/r\"\n")),
            "1:9 `user` is what restart is given, and hides this one",
        ),
        (
            format!(
                "[params.count]\nhelp = \"h\"\n{}[actions.restart.inputs.count]\nhelp = \"n\"\n",
                action("name = \"r\"\npost = \"/r\"\n")
            ),
            "1:9 `count` is what restart is given, and hides this one",
        ),
        (format!("[params.Site]\nhelp = \"h\"\n{ALERTS}"), "1:9 `Site` is not a name"),
        (
            format!("[params.key]\nhelp = \"h\"\n[secrets.key]\nhelp = \"k\"\n{ALERTS}"),
            "3:10 `key` is a parameter already",
        ),
        (
            format!("[secrets.key]\nhelp = \"k\"\nlogin = [{{ env = \"A\", file = \"b.json\" }}]\n{ALERTS}"),
            "3:10 a login has exactly one of env, file, netrc and command",
        ),
        (
            format!("[secrets.key]\nhelp = \"k\"\nlogin = [{{ file = \"~/.own/login\", pointer = \"/t\" }}]\n{ALERTS}"),
            "3:19 this file's name does not tell its format",
        ),
        ("[alerts]\nget = \"/a\"\n".to_owned(), "1:1 `map` is missing"),
        ("[alerts]\nmap = \".\"\n".to_owned(), "1:1 this asks nothing"),
        (
            "[alerts]\nget = \"/a\"\npost = \"/b\"\nmap = \".\"\n".to_owned(),
            "1:1 one request is one of get, post, put, patch, delete and run",
        ),
        (
            "[alerts]\npost = \"/a\"\njson = \"{}\"\ntext = \"t\"\nmap = \".\"\n".to_owned(),
            "1:1 a request has one of json, form, text and graphql",
        ),
        ("[alerts]\nrun = []\nmap = \".\"\n".to_owned(), "2:7 this runs nothing"),
        (action("get = \"/r\"\n"), "8:1 a step has a name: what it does, in a few words"),
        (
            action("name = \"all\"\neach = \"[1, 2]\"\npost = \"/r/{item}\"\n"),
            "10:8 a step is one request: only readings have `each`",
        ),
    ];
    let unlike: Vec<_> = cases.iter().filter_map(|(text, expected)| unlike(text, expected)).collect();
    assert!(unlike.is_empty(), "{}", unlike.join("\n"));
}

#[test]
fn all_mistakes_are_found_at_once() {
    let text = "rate_limit = \"often\"\n[params.Site]\nhelp = \"h\"\n[alerts]\nget = \"/a\"\n";
    assert_eq!(errors(text).len(), 3, "{:#?}", errors(text));
}

#[test]
fn programs_and_templates_are_read_when_the_definition_is() {
    for (text, part) in [
        ("[alerts]\nget = \"/a/{nobody}\"\nmap = \".\"\n", "nobody"),
        ("[alerts]\nget = \"/a\"\nmap = \"[.[] | {id\"\n", "closing brace"),
        ("[alerts]\nget = \"/a\"\nmap = \"$nobody\"\n", "nobody"),
        ("[alerts]\nget = \"/a\"\nmap = \"env.HOME\"\n", "env"),
        ("[alerts]\nget = \"/a\"\nmap = \"now\"\n", "now"),
    ] {
        let found = errors(text);
        assert!(found.len() == 1 && found[0].contains(part), "{text}: {found:#?}");
    }
}

#[test]
fn a_key_that_nobody_knows_is_no_silent_nothing() {
    let found = read(&format!("{HEAD}{ALERTS}evry = \"5s\"\n"));
    let told = match found {
        Ok((_, warnings)) => warnings,
        Err(errors) => errors,
    };
    assert!(told.iter().any(|told| told.message.as_str().contains("evry")), "{told:#?}");
}
