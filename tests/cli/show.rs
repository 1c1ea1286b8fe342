//! `policy show`: rules, programs and the blocklist.

use serde_json::Value;

use super::place::{Answer, Place};

const POLICY: &str = r#"version = 1
name = "team"

[[rule]]
id = "tool"
decision = "allow"
program = ["our-tool", "sort"]
args.options = ["-n", "-k=[0-9]+"]
args.max_operands = 3
grants = ["read"]
cwd = ["src", "src/**"]
reason = "sorts"
hint = "one file at a time"
examples.no_match = ["sort -r x", "our-tool -x"]

[[program]]
names = ["our-tool"]
source = "our-tool --help"
options = ["-n", "-k =", "--plugin = config"]
operands = ["read..."]

[[blocklist]]
off = "power"
reason = "these machines are thrown away"
"#;

struct Desk {
    place: Place,
    policy: String,
}

impl Desk {
    fn new() -> Self {
        let place = Place::new();
        let policy = place.policy(POLICY).to_str().unwrap().to_owned();
        Self { place, policy }
    }

    fn show(&self, words: &[&str]) -> Answer {
        self.place.run(&[&["policy", "show", "--policy", self.policy.as_str()], words].concat())
    }
}

#[test]
fn a_rule_is_shown_with_all_that_it_says() {
    let desk = Desk::new();
    let expected = format!(
        "\
allow team/tool  {}:4:1
  about               harmless uses of `our-tool`, `sort`, and those that need `read`
  program             our-tool, sort
  args.options        -n, -k=[0-9]+
  args.max_operands   3
  args.paths          workspace
  cwd                 src, src/**
  grants              read
  stdin               none
  reason              sorts
  hint                one file at a time
  does not match      sort -r x
                      our-tool -x
",
        desk.policy
    );
    desk.show(&["rule", "tool"]).is(0, &expected, &[]);
    desk.show(&["rule", "team/tool"]).is(0, &expected, &[]);
    desk.show(&["rule", "absent"]).is(1, "", &["there is no rule `absent`"]);
    let object: Value = serde_json::from_str(&desk.show(&["--json", "rule", "tool"]).stdout).unwrap();
    assert_eq!(object["says"]["args.options"][1], "-k=[0-9]+");
    assert_eq!(object["examples"]["no_match"][1], "our-tool -x");
    let line = format!(
        "allow  team/tool  {}:4:1  harmless uses of `our-tool`, `sort`, and those that need `read`\n",
        desk.policy
    );
    desk.show(&["rules"]).is(0, &line, &[]);
}

#[test]
fn a_program_is_shown_by_what_its_uses_need() {
    let desk = Desk::new();
    let expected = format!(
        "\
our-tool  from our-tool --help  ({0})
  syntax                gnu
  operands              read...
  options: config       --plugin=
  options: harmless     -n, -k=
  rules                 allow team/tool  {0}:4:1
",
        desk.policy
    );
    desk.show(&["program", "our-tool"]).is(0, &expected, &[]);
    let git = desk.show(&["program", "git", "stash", "list"]);
    assert!(git.stdout.starts_with("git stash list  from git(1)"), "{git:?}");
    desk.show(&["program", "git", "absent"]).is(1, "", &["nothing is known of the subcommand `absent` of `git`"]);
    desk.show(&["program", "absent"]).is(1, "", &["nothing is known of the program `absent`", "`[[program]]`"]);
    let object: Value = serde_json::from_str(&desk.show(&["--json", "program", "sort"]).stdout).unwrap();
    let options = object["options"].as_array().unwrap();
    let output = options.iter().find(|option| option["spellings"][1] == "--output").unwrap();
    assert_eq!((&output["kind"], &output["uses"][0]), (&"write".into(), &"write".into()));
    assert_eq!(object["rules"][0]["rule"], "team/tool");
}

#[test]
fn the_blocklist_is_shown_with_its_switches() {
    let desk = Desk::new();
    let answer = desk.show(&["builtin"]);
    assert!(answer.stdout.starts_with("# the built-in blocklist, version "), "{answer:?}");
    assert!(answer.stdout.contains("; 1 switched off\n"), "{answer:?}");
    let off = format!("power\n    OFF at {}:23:7: these machines are thrown away\n", desk.policy);
    assert!(answer.stdout.contains(&off), "{answer:?}");
    let rows: Vec<Value> =
        desk.show(&["--json", "builtin"]).stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let row = |id: &str| rows.iter().find(|row| row["id"] == id).unwrap();
    assert_eq!((&row("power")["on"], &row("mounts")["on"]), (&false.into(), &true.into()));
    assert_eq!(row("power")["off_reason"], "these machines are thrown away");
}

#[test]
fn what_is_nothing_is_said_to_be_nothing() {
    let desk = Desk::new();
    desk.show(&["sandbox.write", "x"]).is(1, "", &["nothing to show is called `sandbox.write`"]);
}
