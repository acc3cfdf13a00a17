//! What becomes a step, what is run of a block, and that nothing is lost.

use proptest::prelude::*;

use super::*;

fn read(text: &str) -> Runbook {
    Runbook::read("test", text)
}

fn titles(text: &str) -> Vec<String> {
    read(text).steps().map(|step| step.title.to_string()).collect()
}

fn commands(text: &str) -> Vec<String> {
    read(text).steps().flat_map(|step| &step.commands).map(|command| command.text.clone()).collect()
}

#[test]
fn headings_numbers_and_boxes_are_steps_and_what_is_only_read_is_not() {
    let text = "# Queue is full\n\nSome words.\n\n## Meaning\n\n1. not a step\n\n## Diagnosis\n\nLook:\n\n1. Look at **the** queue\n   ```sh\n   redis-cli llen jobs\n   ```\n2. Look at workers\n\nThen go on.\n\n## Call the vendor\n\nTheir number is in the contacts.\n\n## After\n\n- [ ] tell people\n- [x] write it down\n\n## References\n\n- [x](y.md)\n";
    assert_eq!(
        titles(text),
        ["Look at the queue", "Look at workers", "Call the vendor", "tell people", "write it down"]
    );
    let runbook = read(text);
    assert_eq!(runbook.title.as_str(), "Queue is full");
    let steps: Vec<&Step> = runbook.steps().collect();
    assert_eq!(steps[0].section.as_ref().map(Line::as_str), Some("Diagnosis"));
    assert_eq!(steps[0].commands[0].text, "redis-cli llen jobs");
    assert_eq!((steps[3].task, steps[4].task), (Some(false), Some(true)));
    assert_eq!(steps[2].line, 21);
}

#[test]
fn a_document_without_structure_has_a_step_for_each_command() {
    assert_eq!(
        titles("```sh\necho hello\n```\n\nwords\n\n```sh {\"name\":\"my-task\"}\necho my task\n```\n"),
        ["echo hello", "my-task"]
    );
    assert_eq!(titles("Only words.\n"), [""; 0]);
}

#[test]
fn a_command_beside_a_list_is_in_a_step_too() {
    let behind = "# t\n\n## Diagnosis\n\n1. From the alert.\n2. Check the disk:\n```sh\nlsblk\n```\n3. Watch it:\n```sh\niostat\n```\n\nNothing to do.\n\n## Notes\n\n```sh\nnever\n```\n";
    let runbook = read(behind);
    let steps: Vec<(&str, usize)> = runbook.steps().map(|step| (step.title.as_str(), step.commands.len())).collect();
    assert_eq!(steps, [("From the alert.", 0), ("Check the disk:", 1), ("Watch it:", 1)]);
    let before = "# Setup\n\n```sh\nbrew bundle\n```\n\n## Usage\n\n```sh\nterraform plan\n```\n\n1. Update it\n\n### Remove it\n\n```sh\nterraform destroy\n```\n";
    let runbook = read(before);
    let steps: Vec<(&str, usize)> = runbook.steps().map(|step| (step.title.as_str(), step.commands.len())).collect();
    assert_eq!(steps, [("Setup", 1), ("Usage", 1), ("Update it", 0), ("Remove it", 1)]);
    // A smaller heading between them ends what belongs to the list.
    let words = read("## a\n\n1. one\n\n### b\n\nWords.\n");
    assert_eq!((words.steps().count(), words.parts.len()), (1, 3));
}

#[test]
fn numbered_headings_in_a_section_are_its_steps() {
    let text = "# t\n\n## Steps\n\nWords.\n\n### 1. Look\n\n```sh\nls\n```\n\n#### Closer\n\n```sh\nls -l\n```\n\n### 2. Wait\n\nWords.\n\n## 3. Versions\n\n### 1.2\n\n### 1.3\n";
    let runbook = read(text);
    let steps: Vec<(&str, usize)> = runbook.steps().map(|step| (step.title.as_str(), step.commands.len())).collect();
    assert_eq!(steps, [("1. Look", 2), ("2. Wait", 0), ("3. Versions", 0)]);
    assert_eq!(titles("# t\n\n## a\n\n### Step 1\n\nx\n\n### Step 2: y\n\n1. one\n2. two\n"), ["Step 1", "one", "two"]);
}

#[test]
fn prompts_and_output_are_not_run() {
    let far_in = "## a\n\n```bash\n    $ oc rsh tools\n    sh-4.4# chroot /host\n    [root@node ~]# toolbox\n        id: 1\n```\n";
    assert_eq!(commands(far_in), ["oc rsh tools\nchroot /host\ntoolbox"]);
    assert_eq!(commands("## a\n\n```sh\nI have no name!@jumpbox:/$\n```\n"), [""; 0]);
    assert_eq!(commands("## a\n\n```sh\n    if true; then\n      ls\n    fi\n```\n"), ["if true; then\n  ls\nfi"]);
    assert_eq!(
        commands("## a\n\n```bash\n  sh-5.1$ ceph -s\n    cluster:\n      health: HEALTH_OK\n```\n"),
        ["ceph -s"]
    );
    let session = "## a\n\n```console\n$ NAMESPACE='<value>'\n\n$ oc -n $NAMESPACE logs \\\n    --all\nlevel=error ... failed\n```\n";
    assert_eq!(commands(session), ["NAMESPACE='<value>'\noc -n $NAMESPACE logs \\\n    --all"]);
    assert_eq!(commands("## a\n\n```console\n1 drain_controller.go:173] node xxx\n```\n"), [""; 0]);
    assert_eq!(commands("## a\n\n```console\noc get pods\n```\n"), ["oc get pods"]);
    assert_eq!(commands("## a\n\n```\n$ ls\nfile\n```\n"), ["ls"]);
    assert_eq!(commands("## a\n\n```yaml\na: b\n```\n\n```sql\nSELECT 1\n```\n"), [""; 0]);
    assert_eq!(commands("## a\n\n```sh\n# a comment\nls\n```\n"), ["# a comment\nls"]);
    assert_eq!(
        commands("## a\n\n```console\n$ cat <<EOF > x\na: $b\nEOF\nold output\n```\n"),
        ["cat <<EOF > x\na: $b\nEOF"]
    );
}

#[test]
fn what_stands_behind_a_fence_is_read_in_each_style() {
    for fence in [
        "sh {name=drain timeout=60s check=\"curl -f $URL\"}",
        "sh { name=drain, timeout=60s, check='curl -f $URL' }",
        "sh {\"name\":\"drain\",\"timeout\":\"60s\",\"check\":\"curl -f $URL\"}",
    ] {
        let runbook = read(&format!("## a\n\n```{fence}\n./drain\n```\n"));
        let step = runbook.steps().next().unwrap();
        let attributes = &step.commands[0].attributes;
        assert_eq!(
            (attributes.get("name"), attributes.get("timeout"), attributes.get("check")),
            (Some("drain"), Some("60s"), Some("curl -f $URL")),
            "{fence}"
        );
        assert!(runbook.diagnostics.is_empty());
    }
    let runbook = read("## a\n\n```sh {tiemout=60s}\n./drain\n```\n");
    let told = &runbook.diagnostics[0];
    assert_eq!(
        (told.line, told.message.as_str(), told.help.as_ref().map(Line::as_str)),
        (3, "`tiemout` behind a fence means nothing here", Some("did you mean `timeout`?"))
    );
}

#[test]
fn a_command_says_what_it_needs() {
    let runbook = read("## a\n\n```sh {name=pods needs=\"kubernetes\"}\nkubectl get pods\n```\n");
    assert_eq!(runbook.steps().next().unwrap().commands[0].attributes.get("needs"), Some("kubernetes"));
    assert!(runbook.diagnostics.is_empty());
}

#[test]
fn front_matter_is_yaml_toml_or_json_and_a_broken_one_loses_nothing() {
    let texts = [
        "---\ntitle: Bad deploy\nservices: [shop]\nmatches:\n  alerts: [HighErrorRate]\n  labels: { team: web }\nvariables:\n  URL: https://x\n  TOKEN: { secret: true, prompt: the token }\n---\n## a\n",
        "+++\ntitle = \"Bad deploy\"\nservices = [\"shop\"]\n[matches]\nalerts = [\"HighErrorRate\"]\nlabels = { team = \"web\" }\n[variables]\nURL = \"https://x\"\nTOKEN = { secret = true, prompt = \"the token\" }\n+++\n## a\n",
        "{\"title\": \"Bad deploy\", \"services\": [\"shop\"], \"matches\": {\"alerts\": [\"HighErrorRate\"], \"labels\": {\"team\": \"web\"}}, \"variables\": {\"URL\": \"https://x\", \"TOKEN\": {\"secret\": true, \"prompt\": \"the token\"}}}\n## a\n",
    ];
    for text in texts {
        let front = read(text).front;
        assert_eq!(
            (front.title.as_deref(), front.services.as_slice(), front.alerts.as_slice()),
            (Some("Bad deploy"), &["shop".to_owned()][..], &["HighErrorRate".to_owned()][..]),
            "{text}"
        );
        let mut variables = front.variables;
        variables.sort_by(|one, other| other.name.cmp(&one.name));
        assert_eq!((variables[0].name.as_str(), variables[0].default.as_deref()), ("URL", Some("https://x")));
        assert_eq!((variables[1].secret, variables[1].prompt.as_deref()), (true, Some("the token")));
    }
    let broken = read("---\ntitle: [\n---\n\n## a\n");
    assert!(broken.diagnostics[0].message.as_str().starts_with("the front matter cannot be read"));
    assert_eq!(broken.steps().count(), 1);
    assert_eq!(read("---\n\nA rule above.\n").head, 0..0);
}

#[test]
fn placeholders_are_what_somebody_fills_in() {
    assert_eq!(placeholders("oc -n <namespace> get <pod name> > <file> < in"), ["namespace", "pod name", "file"]);
    assert_eq!(placeholders("cat <<EOF\nsort <in >out\n[ a -lt b ]"), [""; 0]);
}

struct Bare;

impl Looks for Bare {
    fn has_program(&self, name: &str) -> bool {
        name == "ls"
    }
    fn has_file(&self, path: &str) -> bool {
        path == "there.md"
    }
}

#[test]
fn rot_is_told_with_its_place() {
    let text = "---\nvariables: { URL: x }\n---\n## a\n\n```sh\nls $URL $NOWHERE ${GIVEN:-x}\nMINE=1; echo $MINE\nnosuchprogram --now\n```\n\n## b\n\n```sh\nrm -rf /tmp/x\n```\n\n[here](there.md) [gone](gone.md#x) [web](https://x.example) [roll back](crashcart:rollback/shop)\n";
    let told: Vec<String> =
        lint(&read(text), text, &Bare).iter().map(|one| format!("{}: {}", one.line, one.message)).collect();
    assert_eq!(
        told,
        [
            "6: nothing says what $NOWHERE is",
            "6: `nosuchprogram` is not on this machine's PATH",
            "14: `rm` is not on this machine's PATH",
            "14: `rm -rf` takes something away, and nobody is asked",
            "14: this step changes something and has no check",
            "18: this link leads nowhere: gone.md",
        ]
    );
}

proptest! {
    /// Whatever the document is: it is read, its parts follow each other without a gap, and they are all of it.
    #[test]
    fn nothing_is_lost(text in "(?s)([#*`>|\\[\\]x0-9. \\-+{}$<>~\n\ta-z]|```sh\n|\n1\\. |\n- \\[ \\] |\n## |---\n|é|日){0,120}") {
        let runbook = read(&text);
        let mut at = runbook.head.end;
        prop_assert_eq!(runbook.head.start, 0);
        for part in &runbook.parts {
            prop_assert_eq!(part.range.start, at);
            prop_assert!(part.range.end > at);
            prop_assert!(text.is_char_boundary(part.range.end));
            at = part.range.end;
        }
        prop_assert!(at == text.len() || runbook.parts.is_empty());
        lint(&runbook, &text, &Bare);
    }
}
