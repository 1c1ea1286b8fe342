use super::*;

fn any() -> Atom {
    Atom::Glob(Glob::Any)
}

fn one() -> Atom {
    Atom::Glob(Glob::One)
}

fn set(negated: bool, ranges: &[(char, char)]) -> Atom {
    Atom::Glob(Glob::OneOf { negated, ranges: ranges.to_vec() })
}

fn text(text: &str) -> Atom {
    Atom::Text(text.to_owned())
}

fn component(field: &[Atom]) -> Component {
    let mut components = components(field);
    assert_eq!(components.len(), 1);
    components.remove(0)
}

#[track_caller]
fn check(field: &[Atom], yes: &[&str], no: &[&str]) {
    let component = component(field);
    yes.iter().for_each(|name| assert!(component.matches(name), "{name}"));
    no.iter().for_each(|name| assert!(!component.matches(name), "{name}"));
}

#[test]
fn stars_take_any_text() {
    check(&[any()], &["a", "ab", "é"], &[".a"]);
    check(&[text("a"), any(), text("b")], &["ab", "axb", "abb", "abab"], &["a", "b", "abc", "xab"]);
    check(&[any(), text("a"), any(), text("b"), any()], &["ab", "xaxbx", "baab"], &["ba", "b", "xa"]);
    check(&[any(), any(), one()], &["a", "abc"], &[]);
    check(&[any(), text("aab")], &["aaab", "aabaab"], &["aaba"]);
}

#[test]
fn a_question_mark_takes_one_character() {
    check(&[one()], &["a", "é", "*"], &["ab", ".", ""]);
    check(&[text("a"), one(), one()], &["abc", "aéé"], &["ab", "abcd"]);
}

#[test]
fn a_set_takes_one_of_its_characters() {
    check(&[set(false, &[('a', 'c'), ('_', '_')])], &["a", "b", "c", "_"], &["d", "A", "ab", ""]);
    check(&[set(true, &[('a', 'c')])], &["d", "é"], &["a", ".", "dd"]);
}

#[test]
fn known_text_is_no_pattern() {
    check(&[text("*"), one()], &["*a"], &["ab", "**a"]);
    check(&[text("[a]"), any()], &["[a]", "[a]x"], &["a"]);
}

#[test]
fn a_dot_wants_a_dot() {
    check(&[any(), text("x")], &["ax"], &[".x"]);
    check(&[one(), text("x")], &[], &[".x"]);
    check(&[set(true, &[('a', 'a')]), text("x")], &["bx"], &[".x"]);
    check(&[text(".x"), any()], &[".x", ".xy"], &["x"]);
}

#[test]
fn many_stars_end_soon() {
    let mut field: Vec<_> = (0..200).flat_map(|_| [any(), text("a")]).collect();
    field.push(text("b"));
    assert!(!component(&field).matches(&"a".repeat(255)));
}

#[test]
fn paths_have_components() {
    let parts = |field: &[Atom]| {
        let name = |component: &Component| component.name().unwrap_or_else(|| "?".to_owned());
        components(field).iter().map(|one| format!("{}|{}", one.slashes, name(one))).collect::<Vec<_>>()
    };
    assert_eq!(parts(&[text("/a//b"), any(), text("/c/")]), ["/|a", "//|?", "/|c", "/|"]);
    assert_eq!(parts(&[any(), any()]), ["|?"]);
    assert_eq!(parts(&[any(), text("/")]), ["|?", "/|"]);
}

#[test]
fn nothing_but_dots_before_a_pattern_is_refused() {
    for field in [vec![text("."), any()], vec![text("x/.."), one()], vec![text("."), set(true, &[('.', '.')])]] {
        assert!(matches!(expand(vec![field.clone()]), Err(Trouble::DotPattern(_))), "{field:?}");
    }
    for field in [vec![text(".x"), any()], vec![text("./x"), any()], vec![any(), text("/..")]] {
        assert!(
            components(&field).iter().all(|component| component.name().is_some() || component.refuse_dots().is_ok())
        );
    }
}

#[test]
fn what_matches_nothing_is_written_as_it_was() {
    let field = vec![text("/nonexistent/a"), any(), one(), set(true, &[('a', 'z'), ('_', '_'), ('-', '-')])];
    assert_eq!(expand(vec![field]).unwrap(), ["/nonexistent/a*?[!a-z_-]"]);
    assert_eq!(expand(vec![vec![text("a*")], vec![text("")]]).unwrap(), ["a*", ""]);
}

#[test]
fn fields_count_together() {
    let fields = vec![vec![text("x")]; MAX_NAMES + 1];
    assert_eq!(expand(fields), Err(Trouble::TooManyNames(MAX_NAMES)));
}
