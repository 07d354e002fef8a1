//! Reading x Writing: where an exchange stands, and every way it can go on.

/// The request's side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// Before or inside a head.
    Head,
    /// The body arrives.
    Body,
    /// The body arrives and is thrown away.
    Drain,
    /// The message is whole; what follows it waits.
    Complete,
    /// Nothing is read any more.
    Ended,
}

/// The answer's side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Writing {
    /// There is nothing to answer.
    Idle,
    /// A request waits for its answer.
    Owed,
    /// The head is out; so many bytes were announced.
    Declared,
    /// The head is out; the body goes out in chunks.
    Chunked,
    /// The head is out; the end of the connection will end the body.
    UntilClose,
    /// The head is out; the body is not sent.
    Omitted,
    /// The answer is whole.
    Complete,
    /// Nothing is written any more.
    Ended,
}

impl Writing {
    /// The head is out, the end is not.
    pub(crate) fn is_streaming(self) -> bool {
        matches!(self, Self::Declared | Self::Chunked | Self::UntilClose | Self::Omitted)
    }
}

/// What moves an exchange on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    TakeHead,
    EndBody,
    /// Nobody wants the rest of the body.
    Discard,
    /// The head went out; goes on as the given state says.
    StartAnswer(Writing),
    EndAnswer,
    NextMessage,
    Close,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct State {
    pub reading: Reading,
    pub writing: Writing,
}

impl State {
    pub(crate) const START: Self = Self { reading: Reading::Head, writing: Writing::Idle };

    /// The table of transitions. Whatever is not in it is a mistake of this crate.
    pub(crate) fn take(&mut self, step: Step) {
        use Reading as R;
        use Writing as W;
        let next = match (self.reading, self.writing, step) {
            (_, _, Step::Close) => Some((R::Ended, W::Ended)),
            (R::Head, W::Idle, Step::TakeHead) => Some((R::Body, W::Owed)),
            (R::Body | R::Drain, writing, Step::EndBody) => Some((R::Complete, writing)),
            (R::Body, writing, Step::Discard) => Some((R::Drain, writing)),
            (reading, W::Owed, Step::StartAnswer(W::Complete)) => Some((reading, W::Complete)),
            (reading, W::Owed, Step::StartAnswer(mode)) if mode.is_streaming() => {
                Some((reading, mode))
            }
            (reading, mode, Step::EndAnswer) if mode.is_streaming() => Some((reading, W::Complete)),
            (R::Complete, W::Complete, Step::NextMessage) => Some((R::Head, W::Idle)),
            _ => None,
        };
        debug_assert!(next.is_some(), "{self:?} cannot take {step:?}");
        if let Some((reading, writing)) = next {
            *self = Self { reading, writing };
        }
        debug_assert!(self.is_sound(), "{self:?}");
    }

    /// There is something to answer once there is a request; both sides end together.
    pub(crate) fn is_sound(self) -> bool {
        (self.reading == Reading::Head) == (self.writing == Writing::Idle)
            && (self.reading == Reading::Ended) == (self.writing == Writing::Ended)
    }

    /// Both sides are whole: another message may follow.
    pub(crate) fn is_over(self) -> bool {
        self.reading == Reading::Complete && self.writing == Writing::Complete
    }

    pub(crate) fn is_between(self) -> bool {
        self.reading == Reading::Head && self.writing == Writing::Idle
    }
}
