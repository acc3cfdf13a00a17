//! Finds the login that a vendor's own tool keeps: an environment variable, a file, a netrc entry, a command.

use serde_json::Value;

use super::command::{self, Run};
use super::error::AuthError;
use super::{file, netrc};
use crate::model::secret::Secret;
use crate::model::surroundings::Surroundings;
use crate::provider::definition::login::{LoginFormat, LoginPlace};

/// A credential, and where it was.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found {
    /// The credential.
    pub secret: Secret,
    /// Where it was, for the screen: `FLY_API_TOKEN`, `~/.fly/config.yml`.
    pub place: String,
}

/// Returns the credential of the first place that has one, or nothing when none has.
///
/// An absent variable, file, entry or program is no error: the next place is looked at. A file that does not parse is an
/// error at once, because the person believes that they are logged in there. A program that fails may only mean that
/// nobody is logged in with it: it is an error when no later place has a credential.
pub async fn find(places: &[LoginPlace], surroundings: &Surroundings) -> Result<Option<Found>, AuthError> {
    let mut failed = None;
    for place in places {
        match look(place, surroundings).await {
            Ok(Some(found)) => return Ok(Some(found)),
            Ok(None) => {}
            Err(error) if matches!(place, LoginPlace::Command(_)) => failed = failed.or(Some(error)),
            Err(error) => return Err(error),
        }
    }
    failed.map_or(Ok(None), Err)
}

/// Returns what to say about places that have nothing, for [`AuthError::NotLoggedIn`].
pub fn describe(places: &[LoginPlace]) -> Vec<String> {
    let describe = |place: &LoginPlace| match place {
        LoginPlace::Env(name) => name.clone(),
        LoginPlace::File { path, .. } => path.clone(),
        LoginPlace::Netrc(machine) => format!("{machine} in ~/.netrc"),
        LoginPlace::Command(argv) => argv.join(" "),
    };
    places.iter().map(describe).collect()
}

async fn look(place: &LoginPlace, surroundings: &Surroundings) -> Result<Option<Found>, AuthError> {
    let found = |text: &str, place: String| {
        let text = text.trim();
        (!text.is_empty()).then(|| Found { secret: Secret::new(text), place })
    };
    match place {
        LoginPlace::Env(name) => Ok(surroundings.variable(name).and_then(|value| found(value, name.clone()))),
        LoginPlace::File { path, format, pointer } => {
            let Some(text) = read(path, surroundings).await? else { return Ok(None) };
            let text = text_at(&text, *format, pointer, path)?;
            Ok(text.and_then(|text| found(&text, path.clone())))
        }
        LoginPlace::Netrc(machine) => {
            let path = surroundings.variable("NETRC").unwrap_or("~/.netrc");
            let Some(text) = read(path, surroundings).await? else { return Ok(None) };
            let password = netrc::find(&text, machine).and_then(|entry| entry.password);
            Ok(password.and_then(|secret| found(secret.expose(), format!("{machine} in {path}"))))
        }
        LoginPlace::Command(argv) => {
            let name = argv.first().map(String::as_str).unwrap_or_default();
            if command::find(name, surroundings).is_none() {
                return Ok(None);
            }
            let run = Run { argv, variables: &[], directory: None, limit: command::LIMIT, hint: None };
            let printed = command::run(run, surroundings).await?;
            Ok(found(&printed, argv.join(" ")))
        }
    }
}

async fn read(path: &str, surroundings: &Surroundings) -> Result<Option<zeroize::Zeroizing<String>>, AuthError> {
    match surroundings.expand(path) {
        Some(path) => file::read(&path).await,
        None => Ok(None),
    }
}

/// Returns the text that a pointer leads to. Nothing when it leads nowhere, or to nothing.
fn text_at(text: &str, format: LoginFormat, pointer: &str, path: &str) -> Result<Option<String>, AuthError> {
    // An empty file is one that somebody logged out of.
    if text.trim().is_empty() {
        return Ok(None);
    }
    match at(&file::parse(text, format, path)?, pointer) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(Value::Number(number)) => Ok(Some(number.to_string())),
        Some(_) => Err(AuthError::malformed(path, format!("what stands at {pointer} is not a text"))),
    }
}

/// Returns what a pointer leads to. `*` is a key that nobody knows beforehand; where several lead on, none is chosen: they are
/// several people's.
fn at<'v>(value: &'v Value, pointer: &str) -> Option<&'v Value> {
    let Some((before, behind)) = pointer.split_once("/*") else { return value.pointer(pointer) };
    let object = value.pointer(before)?.as_object()?;
    let mut found = object.values().filter_map(|value| at(value, behind));
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::auth::testing::Place;

    fn file(path: &str, format: LoginFormat, pointer: &str) -> LoginPlace {
        LoginPlace::File { path: path.to_owned(), format, pointer: pointer.to_owned() }
    }

    async fn check(place: &Place, places: &[LoginPlace], expected: Result<Option<(&str, &str)>, &str>) {
        let found = find(places, &place.surroundings()).await;
        let found = found.as_ref().map_err(ToString::to_string);
        let found = found.map(|found| found.as_ref().map(|found| (found.secret.expose(), found.place.as_str())));
        match (&found, expected) {
            (Err(error), Err(says)) => assert!(error.contains(says), "{places:?}: {error}"),
            _ => assert_eq!(found.as_ref().ok(), expected.as_ref().ok(), "{places:?}: {found:?}"),
        }
    }

    #[tokio::test]
    async fn files_of_the_vendors_tools_are_read_in_their_own_format() {
        use LoginFormat::{Json, Toml, Yaml};
        let cases: &[(&str, LoginFormat, &str, &str, &str)] = &[
            (
                ".fly/config.yml",
                Yaml,
                "access_token: fm2_abc\nlast_login: 2026-11-25T02:14:09Z\n",
                "/access_token",
                "fm2_abc",
            ),
            (
                ".config/gh/hosts.yml",
                Yaml,
                "github.com:\n    oauth_token: gho_x\n    user: kim\n",
                "/github.com/oauth_token",
                "gho_x",
            ),
            (".local/share/com.vercel.cli/auth.json", Json, "{\"token\":\"vc\"}", "/token", "vc"),
            (".railway/config.json", Json, "\u{feff}{\r\n\"user\":{\"token\":\"rw\"}}\r\n", "/user/token", "rw"),
            (
                ".wrangler/config/default.toml",
                Toml,
                "# kept by wrangler\noauth_token = \"cf\"\nscopes = [\"a\"]",
                "/oauth_token",
                "cf",
            ),
            ("a/b", Json, "{\"x/y\":[{\"~t\":17}]}", "/x~1y/0/~0t", "17"),
            (
                ".config/netlify/config.json",
                Json,
                "{\"userId\":\"5f\",\"users\":{\"5f\":{\"auth\":{\"token\":\"nf\"}},\"6a\":{\"auth\":{}}}}",
                "/users/*/auth/token",
                "nf",
            ),
        ];
        for (path, format, text, pointer, token) in cases {
            let place = Place::new().file(path, text);
            let path = format!("~/{path}");
            check(&place, &[file(&path, *format, pointer)], Ok(Some((token, &path)))).await;
        }
    }

    #[tokio::test]
    async fn the_first_place_that_has_one_counts_and_absence_is_no_error() {
        let place = Place::new()
            .variable("EMPTY", "")
            .variable("BLANK", " \n")
            .variable("B_TOKEN", " b \n")
            .file(".x.json", "{\"token\":null,\"deep\":{}}")
            .file(".empty.json", "\n")
            .file(".netrc", "machine api.heroku.com login kim password hk");
        let nothing = [
            LoginPlace::Env("ABSENT".into()),
            LoginPlace::Env("EMPTY".into()),
            LoginPlace::Env("BLANK".into()),
            file("~/.absent.json", LoginFormat::Json, "/token"),
            file("~/.empty.json", LoginFormat::Json, "/token"),
            file("~/.x.json", LoginFormat::Json, "/token"),
            file("~/.x.json", LoginFormat::Json, "/nowhere"),
            LoginPlace::Netrc("other.test".into()),
            LoginPlace::Command(vec!["absent-tool".into(), "token".into()]),
            LoginPlace::Command(vec![]),
        ];
        check(&place, &nothing, Ok(None)).await;
        let mut places = nothing.to_vec();
        places.push(LoginPlace::Netrc("api.heroku.com".into()));
        check(&place, &places, Ok(Some(("hk", "api.heroku.com in ~/.netrc")))).await;
        places.insert(2, LoginPlace::Env("B_TOKEN".into()));
        check(&place, &places, Ok(Some(("b", "B_TOKEN")))).await;
        assert_eq!(describe(&nothing[6..9]), ["~/.x.json", "other.test in ~/.netrc", "absent-tool token"]);
    }

    #[tokio::test]
    async fn of_two_people_who_are_logged_in_with_one_tool_none_is_chosen() {
        let two = "{\"users\":{\"a\":{\"auth\":{\"token\":\"x\"}},\"b\":{\"auth\":{\"token\":\"y\"}}}}";
        let place = Place::new().file(".n.json", two);
        check(&place, &[file("~/.n.json", LoginFormat::Json, "/users/*/auth/token")], Ok(None)).await;
    }

    #[tokio::test]
    async fn a_command_prints_the_credential_and_netrc_may_lie_elsewhere() {
        let place = Place::new().file("elsewhere", "machine a password p\n");
        let elsewhere = place.home().join("elsewhere").display().to_string();
        let place = place.variable("NETRC", &elsewhere);
        place.program("op", "[ \"$1\" = read ] && echo ops_secret");
        check(&place, &[LoginPlace::Netrc("a".into())], Ok(Some(("p", &format!("a in {elsewhere}"))))).await;
        let command = |argument: &str| [LoginPlace::Command(vec!["op".into(), argument.into()])];
        check(&place, &command("read"), Ok(Some(("ops_secret", "op read")))).await;
        check(&place, &command("write"), Err("op refused: ")).await;
        let [refused] = command("write");
        let later = [refused.clone(), LoginPlace::Env("ABSENT".into()), LoginPlace::Netrc("a".into())];
        check(&place, &later, Ok(Some(("p", &format!("a in {elsewhere}"))))).await;
        check(&place, &later[..2], Err("op refused: ")).await;
    }

    #[tokio::test]
    async fn what_is_there_and_cannot_be_read_is_an_error_that_names_it() {
        let place = Place::new()
            .file(".bad.json", "{\"token\": s3cret")
            .file(".list.json", "{\"token\":[\"s3cret\"]}")
            .file(".huge.json", &" ".repeat(10 << 20));
        for (path, says) in [
            ("~/.bad.json", "~/.bad.json: it is not JSON (line 1, column 11)"),
            ("~/.list.json", "~/.list.json: what stands at /token is not a text"),
            ("~/.huge.json", "it is larger than 4 MiB"),
        ] {
            check(&place, &[file(path, LoginFormat::Json, "/token")], Err(says)).await;
        }
        let homeless = Surroundings::default();
        assert_eq!(find(&[file("~/.x", LoginFormat::Json, "")], &homeless).await.unwrap(), None);
    }
}
