//! Walks several automata side by side over the same text, shortest texts first.

use std::collections::{BTreeMap, VecDeque};

use super::Automaton;

/// A walk over automata.
pub(in super::super) struct Search<'a> {
    pub(in super::super) parts: &'a [&'a Automaton],
    /// Whether the walk need go no further, by which automata accept nothing more.
    pub(in super::super) is_over: &'a dyn Fn(&[bool]) -> bool,
}

/// How far a walk came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Bound {
    /// All there is was looked at.
    Whole,
    /// There is more, or the visitor had seen enough.
    Reached,
}

/// In this order bytes are tried, so that of equally short texts the one that reads best comes first.
const PREFERRED: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789-./_ ABCDEFGHIJKLMNOPQRSTUVWXYZ@%+=:,'";

/// Looks at a joint state: the automata that accept there, and the text that leads there.
type Visitor<'v> = dyn FnMut(&[bool], &dyn Fn() -> Option<String>) -> bool + 'v;

struct Step {
    states: Vec<usize>,
    /// The step before, and the byte between.
    from: Option<(usize, u8)>,
}

impl Search<'_> {
    /// Calls the visitor for each joint state with the automata that accept there and a shortest text that leads there, until
    /// the visitor says that it has seen enough, or `most` joint states were looked at.
    pub(in super::super) fn run(&self, most: usize, visit: &mut Visitor<'_>) -> Bound {
        let bytes = self.representatives();
        let start = vec![0; self.parts.len()];
        if self.is_over(&start) {
            return Bound::Whole;
        }
        let mut seen = BTreeMap::from([(start.clone(), ())]);
        let mut steps = vec![Step { states: start, from: None }];
        let mut open = VecDeque::from([0]);
        while let Some(at) = open.pop_front() {
            let Some(states) = steps.get(at).map(|step| step.states.clone()) else { break };
            let accepts: Vec<bool> = self.parts.iter().zip(&states).map(|(part, state)| part.accepts(*state)).collect();
            if visit(&accepts, &|| text(&steps, at)) {
                return Bound::Reached;
            }
            for byte in &bytes {
                let after: Vec<usize> =
                    self.parts.iter().zip(&states).map(|(part, state)| part.next(*state, *byte)).collect();
                if self.is_over(&after) || seen.contains_key(&after) {
                    continue;
                }
                if steps.len() >= most {
                    return Bound::Reached;
                }
                seen.insert(after.clone(), ());
                open.push_back(steps.len());
                steps.push(Step { states: after, from: Some((at, *byte)) });
            }
        }
        Bound::Whole
    }

    fn is_over(&self, states: &[usize]) -> bool {
        let dead: Vec<bool> = self.parts.iter().zip(states).map(|(part, state)| part.is_dead(*state)).collect();
        (self.is_over)(&dead)
    }

    /// One byte for each set of bytes that are alike for all automata.
    fn representatives(&self) -> Vec<u8> {
        let mut classes: BTreeMap<Vec<usize>, ()> = BTreeMap::new();
        let others = (0..=u8::MAX).filter(|byte| !PREFERRED.contains(byte));
        let mut found = Vec::new();
        for byte in PREFERRED.iter().copied().chain(others) {
            let class = self.parts.iter().map(|part| part.class(byte)).collect();
            if classes.insert(class, ()).is_none() {
                found.push(byte);
            }
        }
        found
    }
}

/// The text that leads to a step. A walk beside the automaton of canonical texts ends in whole characters.
fn text(steps: &[Step], at: usize) -> Option<String> {
    let mut bytes = Vec::new();
    let mut step = steps.get(at)?;
    while let Some((from, byte)) = step.from {
        bytes.push(byte);
        step = steps.get(from)?;
    }
    bytes.reverse();
    String::from_utf8(bytes).ok()
}
