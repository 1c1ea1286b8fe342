//! Ordinary programs run, and say what they have to say.

use stockade::model::{
    enforcement::{Layer, Level},
    outcome::ExitStatus,
};

use crate::{
    everybody::as_everybody,
    jail::{Depth, Jail},
};

const BOTH: [Depth; 2] = [Depth::Full, Depth::NoNamespaces];

#[test]
fn programs_run_and_their_output_arrives() {
    as_everybody("basics::programs_run_and_their_output_arrives", || {
        for depth in BOTH {
            let mut jail = Jail::new(depth);
            let ran = jail.command("/bin/echo", &["hello", "there"]).run();
            assert_eq!((ran.exit, ran.stdout.as_str()), (ExitStatus::Code(0), "hello there\n"), "{depth:?}");
            assert_eq!(jail.command("/bin/true", &[]).run().exit, ExitStatus::Code(0));
            assert_eq!(jail.command("/bin/false", &[]).run().exit, ExitStatus::Code(1));
            let signaled = jail.command("/bin/sh", &["-c", "kill -9 $$"]).run();
            assert_eq!(signaled.exit, ExitStatus::Signal(9), "{depth:?}");
        }
    });
}

#[test]
fn the_report_says_what_is_on() {
    as_everybody("basics::the_report_says_what_is_on", || {
        let full = Jail::new(Depth::Full).command("/bin/true", &[]).run().enforcement;
        assert!(full.0.iter().all(|(_, level)| *level == Level::Full), "{full:?}");
        let reduced = Jail::new(Depth::NoNamespaces).command("/bin/true", &[]).run().enforcement;
        assert_eq!(reduced.level(Layer::Namespaces).as_str(), "none");
        assert_eq!(reduced.level(Layer::Landlock), Level::Full);
    });
}
