//! Random steps.
//!
//! Law: a step means something in every state (or nothing at all), so that any of them can be taken out of a failing list.

pub(crate) use crossway_tests::Random;

/// What kind of thing happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Join,
    Subscribe,
    Unsubscribe,
    Publish,
    Register,
    Unregister,
    Call,
    /// More of a progressive call.
    More,
    Answer,
    Cancel,
    /// Time passes.
    Wait,
    Leave,
    Drop,
    Break,
}

/// How often each kind comes: so that there are calls to be answered, canceled and abandoned.
const WEIGHTS: [(Kind, u64); 14] = [
    (Kind::Join, 30),
    (Kind::Subscribe, 12),
    (Kind::Unsubscribe, 5),
    (Kind::Publish, 16),
    (Kind::Register, 16),
    (Kind::Unregister, 2),
    (Kind::Call, 24),
    (Kind::More, 6),
    (Kind::Answer, 10),
    (Kind::Cancel, 6),
    (Kind::Wait, 6),
    (Kind::Leave, 3),
    (Kind::Drop, 3),
    (Kind::Break, 2),
];

/// One step: who, what, and choices that the model makes sense of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) slot: usize,
    pub(crate) kind: Kind,
    pub(crate) choices: u64,
}

/// Connections that a case has.
pub(crate) const SLOTS: usize = 4;

impl Step {
    pub(crate) fn random(random: &mut Random) -> Self {
        let slot = usize::try_from(random.below(SLOTS as u64)).unwrap();
        let mut at = random.below(WEIGHTS.iter().map(|(_, weight)| weight).sum());
        let hit = WEIGHTS.iter().find(|(_, weight)| {
            let hit = at < *weight;
            at = at.saturating_sub(*weight);
            hit
        });
        Step { slot, kind: hit.unwrap().0, choices: random.next() }
    }

    /// Choices to be drawn one after the other.
    pub(crate) fn draws(&self) -> Random {
        Random::new(self.choices)
    }
}
