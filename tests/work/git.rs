//! Git: commits, branches, work trees. The checkout's hooks and settings are read-only.

use crate::place::{Place, everybody, installed};

const WHO: &str = "git -c user.name=Somebody -c user.email=somebody@example.com";

fn repository(place: &Place) {
    place.write("notes", "one\n");
    place.does(&format!("git init -q -b main && git add notes && {WHO} commit -qm 'first; $(not run)'"));
}

#[test]
fn work_is_committed_rebased_and_read() {
    if !installed(&["git"]) {
        return;
    }
    everybody(|place| {
        repository(place);
        place.does(&format!("git switch -qc side && echo two > other && git add -A && {WHO} commit -qm second"));
        place.does(&format!("git switch -q main && echo more >> notes && {WHO} commit -qam third"));
        place.does(&format!("git switch -q side && {WHO} rebase -q main && git gc -q"));
        assert_eq!(place.does("git log --format=%s"), "second\nthird\nfirst; $(not run)\n");
        assert_eq!(place.does("git log --format=%an | sort -u"), "Somebody\n");
        assert_eq!(place.read("notes"), "one\nmore\n");
        place
            .does(&format!("echo draft >> notes && {WHO} stash push -q && git diff --exit-code && {WHO} stash pop -q"));
        assert_eq!(place.does("git diff --stat | tail -1"), " 1 file changed, 1 insertion(+)\n");
        place.does("git fsck --strict");
    });
}

#[test]
fn another_work_tree_is_worked_in() {
    if !installed(&["git"]) {
        return;
    }
    everybody(|place| {
        repository(place);
        place.does("git worktree add -q trees/side -b side");
        place.does(&format!("cd trees/side && echo two > other && git add other && {WHO} commit -qm second"));
        assert_eq!(place.does("git log --format=%s side"), "second\nfirst; $(not run)\n");
        assert!(place.has("trees/side/other") && !place.has("other"));
        place.does("git merge -q side && git worktree remove trees/side && git branch -qd side");
        assert!(place.has("other") && !place.has("trees/side"));
        assert_eq!(place.does("git worktree list | wc -l"), "1\n");
    });
}
