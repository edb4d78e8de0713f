//! When a privilege may be given, and when a delegation of it that was given before may be used.

use chrono::{DateTime, Days, SubsecRound as _, Utc};

use crate::period::MAX_START_SKEW;

/// How far ahead a privilege can be published or hidden: nobody knows their systems further than a year ahead, and a
/// mistyped year is noticed.
pub const MAX_DAYS_AHEAD: u32 = 366;

/// What becomes of the delegations of a privilege that were given before it is hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExistingGrants {
    /// They stop working, from the hiding on.
    Stop,
    /// They live on, to their ends.
    Keep,
}

/// A change of the publication that is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The privilege was never published, so there is nothing to hide.
    #[error("the privilege is a draft")]
    Draft,
    /// The privilege is hidden, so that grants which were kept can be stopped now, and not later.
    #[error("the privilege is hidden already")]
    Hidden,
    /// The instant has passed.
    #[error("the instant has passed")]
    InPast,
    /// The instant is more than [`MAX_DAYS_AHEAD`] days ahead.
    #[error("the instant is too far ahead")]
    TooFarAhead,
}

impl Error {
    /// The stable reason told to callers.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Draft => "PRIVILEGE_IS_DRAFT",
            Self::Hidden => "PRIVILEGE_IS_HIDDEN",
            Self::InPast => "TIME_IN_PAST",
            Self::TooFarAhead => "TIME_TOO_FAR_AHEAD",
        }
    }
}

/// When something is to happen: the instant if it is to come, in whole microseconds; `None` for now. An instant up to
/// [`MAX_START_SKEW`] before now means now: clocks differ.
///
/// # Errors
/// [`Error::InPast`], [`Error::TooFarAhead`].
pub fn plan(asked: DateTime<Utc>, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, Error> {
    let asked = asked.trunc_subsecs(6);
    if now.signed_duration_since(asked) > MAX_START_SKEW {
        return Err(Error::InPast);
    }
    // A calendar that ends before is beyond every instant.
    if now.checked_add_days(Days::new(MAX_DAYS_AHEAD.into())).is_some_and(|latest| asked > latest) {
        return Err(Error::TooFarAhead);
    }
    Ok((asked > now).then_some(asked))
}

/// Whether a privilege may be given and used, and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Publication {
    /// Registered, never published.
    Draft,
    /// Available from an instant on.
    Published {
        /// From when, inclusive. May be to come.
        from: DateTime<Utc>,
    },
    /// Is available no more, or will be from an instant on.
    Hidden {
        /// From when it was available, inclusive.
        from: DateTime<Utc>,
        /// Until when, exclusive; not before `from`.
        to: DateTime<Utc>,
        /// Whether `to` was in the future when that was decided. If not, it counts as soon as it is known: it was
        /// "now" for a machine whose clock may be ahead of ours.
        is_planned: bool,
        /// What becomes of delegations that were given before.
        existing: ExistingGrants,
        /// From when it is available again, inclusive; not before `to`.
        again: Option<DateTime<Utc>>,
    },
}

/// What a publication means at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Never published.
    Draft,
    /// To be published.
    Scheduled,
    /// May be given.
    Published,
    /// May be given no more.
    Hidden,
}

impl Publication {
    /// Whether the privilege may be given at the instant, which is now or to come: what has been hidden at once counts
    /// as hidden, even when that was written by a machine whose clock is ahead.
    #[must_use]
    pub fn covers(self, at: DateTime<Utc>) -> bool {
        match self {
            Self::Draft => false,
            Self::Published { from } => from <= at,
            Self::Hidden { from, to, is_planned, again, .. } => {
                from <= at && ((is_planned && at < to) || is_again(again, at))
            }
        }
    }

    /// Whether a delegation that was given before may be used now, by a clock that shows `at`: as
    /// [`Publication::covers`], and where grants are kept.
    #[must_use]
    pub fn usable_now(self, at: DateTime<Utc>) -> bool {
        self.covers(at) || self.keeps_grants(at)
    }

    /// Whether a delegation that was given before may be used at another instant, past or future: what was hidden later
    /// was available then.
    #[must_use]
    pub fn usable(self, at: DateTime<Utc>) -> bool {
        match self {
            Self::Draft => false,
            Self::Published { from } => from <= at,
            Self::Hidden { from, to, again, .. } => {
                from <= at && (at < to || is_again(again, at) || self.keeps_grants(at))
            }
        }
    }

    /// When delegations that may be used at the instant stop working, as it is planned.
    #[must_use]
    pub fn stops_at(self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self {
            Self::Hidden { to, existing: ExistingGrants::Stop, .. } if at < to => Some(to),
            Self::Draft | Self::Published { .. } | Self::Hidden { .. } => None,
        }
    }

    /// What it means at the instant.
    #[must_use]
    pub fn state(self, at: DateTime<Utc>) -> State {
        match self {
            Self::Draft => State::Draft,
            _ if self.covers(at) => State::Published,
            Self::Published { .. } => State::Scheduled,
            Self::Hidden { from, to, is_planned: true, .. } if at < from && from < to => State::Scheduled,
            Self::Hidden { .. } => State::Hidden,
        }
    }

    /// Published now, or from the planned instant on. What is published already stays as it is, but that it is not
    /// hidden by then; what is to be published is published then instead.
    #[must_use]
    pub fn publish(self, planned: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Self {
        let on = planned.unwrap_or(now);
        match self.settled(now) {
            Self::Published { from } if from <= now => Self::Published { from },
            Self::Draft | Self::Published { .. } => Self::Published { from: on },
            Self::Hidden { from, .. } if now < from => Self::Published { from: on },
            // Before it is hidden: then it is not.
            hidden @ Self::Hidden { from, to, .. } if hidden.covers(now) && on <= to => {
                Self::Published { from }
            }
            Self::Hidden { from, to, is_planned, existing, .. } if now < on => {
                Self::Hidden { from, to, is_planned, existing, again: Some(on.max(to)) }
            }
            Self::Hidden { .. } => Self::Published { from: on },
        }
    }

    /// Hidden now, or from the planned instant on. What is hidden already stays as it is, but that grants which were
    /// kept can be stopped, and that it does not come back.
    ///
    /// # Errors
    /// [`Error::Draft`]; [`Error::Hidden`] when kept grants are to be stopped later.
    pub fn hide(
        self,
        planned: Option<DateTime<Utc>>,
        existing: ExistingGrants,
        now: DateTime<Utc>,
    ) -> Result<Self, Error> {
        let from = match self.settled(now) {
            Self::Draft => return Err(Error::Draft),
            Self::Published { from } => from,
            Self::Hidden { from, is_planned: true, to, .. } if now < to => from,
            Self::Hidden { existing: ExistingGrants::Keep, .. }
                if existing == ExistingGrants::Stop && planned.is_some() =>
            {
                return Err(Error::Hidden);
            }
            Self::Hidden { from, to, is_planned, existing: before, .. } => {
                let existing = if before == ExistingGrants::Stop { before } else { existing };
                return Ok(Self::Hidden { from, to, is_planned, existing, again: None });
            }
        };
        let on = planned.unwrap_or(now);
        // Of what is hidden before it comes nothing was given that could be kept.
        let existing = if on < from { ExistingGrants::Stop } else { existing };
        Ok(Self::Hidden { from, to: on.max(from), is_planned: planned.is_some(), existing, again: None })
    }

    /// What came back is published.
    fn settled(self, now: DateTime<Utc>) -> Self {
        match self {
            Self::Hidden { again: Some(again), .. } if again <= now => Self::Published { from: again },
            Self::Draft | Self::Published { .. } | Self::Hidden { .. } => self,
        }
    }

    fn keeps_grants(self, at: DateTime<Utc>) -> bool {
        matches!(self, Self::Hidden { from, existing: ExistingGrants::Keep, .. } if from <= at)
    }
}

fn is_again(again: Option<DateTime<Utc>>, at: DateTime<Utc>) -> bool {
    again.is_some_and(|again| again <= at)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use proptest::prelude::*;

    use super::*;

    fn at(hour: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000, 0).unwrap() + TimeDelta::hours(hour)
    }

    fn hidden(from: i64, to: i64, is_planned: bool, existing: ExistingGrants) -> Publication {
        Publication::Hidden { from: at(from), to: at(to), is_planned, existing, again: None }
    }

    use ExistingGrants::{Keep, Stop};

    #[test]
    fn a_draft_is_never_published_and_cannot_be_hidden() {
        assert!(!Publication::Draft.covers(at(1)) && !Publication::Draft.usable(at(1)));
        assert_eq!(Publication::Draft.hide(None, Stop, at(1)), Err(Error::Draft));
    }

    #[test]
    fn what_is_hidden_at_once_counts_for_a_clock_that_is_behind_and_what_is_planned_does_not() {
        let at_once = hidden(0, 5, false, Stop);
        assert!(!at_once.covers(at(4)) && !at_once.usable_now(at(4)));
        assert!(at_once.usable(at(4)), "asked about another instant, it was available then");
        let planned = hidden(0, 5, true, Stop);
        assert_eq!((planned.stops_at(at(4)), planned.stops_at(at(5))), (Some(at(5)), None));
        assert_eq!(hidden(0, 5, true, Keep).stops_at(at(4)), None);
        assert!(planned.covers(at(4)) && planned.usable_now(at(4)));
        assert!(!planned.covers(at(5)) && !planned.usable_now(at(5)) && !planned.usable(at(5)));
    }

    #[test]
    fn grants_that_are_kept_live_on_and_no_new_ones_are_given() {
        for is_planned in [false, true] {
            let kept = hidden(0, 5, is_planned, Keep);
            assert!(!kept.covers(at(6)));
            assert!(kept.usable_now(at(6)) && kept.usable(at(6)));
            assert!(!kept.usable_now(at(-1)) && !kept.usable(at(-1)));
        }
    }

    #[test]
    fn to_publish_what_is_published_later_changes_nothing() {
        let published = Publication::Published { from: at(0) };
        for planned in [None, Some(at(9))] {
            assert_eq!(published.publish(planned, at(1)), published);
        }
    }

    #[test]
    fn what_is_to_be_published_is_published_when_the_last_one_said() {
        let scheduled = Publication::Draft.publish(Some(at(5)), at(0));
        assert_eq!(scheduled.state(at(4)), State::Scheduled);
        assert_eq!(scheduled.state(at(5)), State::Published);
        assert_eq!(scheduled.publish(Some(at(9)), at(1)), Publication::Published { from: at(9) });
        assert_eq!(scheduled.publish(None, at(1)), Publication::Published { from: at(1) });
    }

    #[test]
    fn what_is_hidden_can_be_brought_back_later_and_kept_grants_live_on_meanwhile() {
        let back = hidden(0, 5, false, Keep).publish(Some(at(9)), at(6));
        for (hour, may_be_given) in [(6, false), (8, false), (9, true), (99, true)] {
            assert_eq!(back.covers(at(hour)), may_be_given, "{hour}");
            assert!(back.usable_now(at(hour)), "{hour}");
        }
        assert_eq!(back.publish(None, at(10)), Publication::Published { from: at(9) });
        let again_hidden = back.hide(None, Stop, at(10)).unwrap();
        assert_eq!(again_hidden, hidden(9, 10, false, Stop));
    }

    #[test]
    fn publishing_before_a_planned_end_takes_the_plan_back_and_after_it_leaves_a_gap() {
        let planned = hidden(0, 5, true, Stop);
        for on in [None, Some(at(4)), Some(at(5))] {
            assert_eq!(planned.publish(on, at(1)), Publication::Published { from: at(0) });
        }
        let gap = planned.publish(Some(at(7)), at(1));
        let given: Vec<_> = (0..9).filter(|hour| gap.covers(at(*hour))).collect();
        assert_eq!(given, [0, 1, 2, 3, 4, 7, 8]);
    }

    #[test]
    fn kept_grants_can_be_stopped_at_once_and_stopped_ones_stay_stopped() {
        let kept = hidden(0, 5, false, Keep);
        assert_eq!(kept.hide(None, Stop, at(6)), Ok(hidden(0, 5, false, Stop)));
        assert_eq!(kept.hide(Some(at(9)), Stop, at(6)), Err(Error::Hidden));
        assert_eq!(kept.hide(Some(at(9)), Keep, at(6)), Ok(kept));
        let stopped = hidden(0, 5, false, Stop);
        assert_eq!(stopped.hide(None, Keep, at(6)), Ok(stopped));
    }

    #[test]
    fn hiding_what_is_hidden_keeps_it_from_coming_back() {
        let back = hidden(0, 5, false, Stop).publish(Some(at(9)), at(6));
        assert_eq!(back.hide(None, Stop, at(7)), Ok(hidden(0, 5, false, Stop)));
    }

    #[test]
    fn what_is_hidden_before_it_is_published_never_is() {
        let scheduled = Publication::Published { from: at(5) };
        for planned in [None, Some(at(4))] {
            let hidden = scheduled.hide(planned, Keep, at(1)).unwrap();
            for hour in 0..9 {
                assert!(!hidden.covers(at(hour)), "{hidden:?}");
                assert!(!hidden.usable_now(at(hour)) && !hidden.usable(at(hour)), "{hidden:?}");
            }
            assert_eq!(hidden.state(at(1)), State::Hidden);
        }
        let both = scheduled.hide(Some(at(7)), Stop, at(1)).unwrap();
        assert_eq!(
            [1, 5, 7].map(|hour| both.state(at(hour))),
            [State::Scheduled, State::Published, State::Hidden]
        );
    }

    #[test]
    fn a_plan_is_for_the_year_to_come() {
        let now = at(0);
        assert_eq!(plan(now, now), Ok(None));
        assert_eq!(plan(now - TimeDelta::minutes(5), now), Ok(None));
        assert_eq!(plan(now - TimeDelta::seconds(301), now), Err(Error::InPast));
        let last = now + TimeDelta::days(366);
        assert_eq!(plan(last, now), Ok(Some(last)));
        assert_eq!(plan(last + TimeDelta::microseconds(1), now), Err(Error::TooFarAhead));
        let nanos = now + TimeDelta::nanoseconds(1_999);
        assert_eq!(plan(nanos, now), Ok(Some(now + TimeDelta::microseconds(1))), "as the database keeps it");
        assert_eq!(plan(DateTime::<Utc>::MAX_UTC, now), Err(Error::TooFarAhead));
        assert_eq!(plan(DateTime::<Utc>::MIN_UTC, now), Err(Error::InPast));
    }

    /// A command: whether to publish, hours ahead of now, and what becomes of existing grants.
    type Command = (bool, Option<i64>, bool);

    fn commands() -> impl Strategy<Value = Vec<Command>> {
        prop::collection::vec((any::<bool>(), prop::option::of(1i64..9), any::<bool>()), 0..8)
    }

    proptest! {
        #[test]
        fn hiding_ends_what_publishing_began(from in 0i64..12, to in 12i64..24, asked in 0i64..24) {
            let hidden = Publication::Draft.publish(None, at(from)).hide(None, Stop, at(to)).unwrap();
            prop_assert_eq!(hidden.usable(at(asked)), from <= asked && asked < to);
            prop_assert!(hidden.publish(None, at(23)).covers(at(23)));
        }

        #[test]
        fn each_command_does_what_it_says_whatever_came_before(commands in commands(), later in 0i64..20) {
            let mut publication = Publication::Draft;
            for (hour, (is_publish, ahead, keep)) in (0..).zip(commands) {
                let (now, on) = (at(hour), at(hour + ahead.unwrap_or(0)));
                let planned = ahead.map(|_| on);
                let before = publication;
                if is_publish {
                    publication = before.publish(planned, now);
                    // Nothing that works stops working, and from then on it may be given.
                    prop_assert!(publication.covers(on), "{before:?} {publication:?}");
                    prop_assert_eq!(publication.covers(now), before.covers(now) || planned.is_none());
                    prop_assert!(publication.usable_now(now) || !before.usable_now(now));
                } else if let Ok(hidden) = before.hide(planned, if keep { Keep } else { Stop }, now) {
                    publication = hidden;
                    let Publication::Hidden { to, .. } = hidden else { panic!("{hidden:?}") };
                    let after = to.max(on) + TimeDelta::hours(later);
                    prop_assert!(!publication.covers(after), "{before:?} {publication:?}");
                    prop_assert!(!publication.usable_now(after) || keep);
                    prop_assert_eq!(
                        publication.covers(now),
                        before.covers(now) && planned.is_some(),
                        "{:?} {:?}", before, publication
                    );
                }
                if let Publication::Hidden { from, to, again, .. } = publication {
                    prop_assert!(from <= to && again.is_none_or(|again| to <= again));
                }
                let now_later = at(hour + later);
                prop_assert!(publication.usable_now(now_later) || !publication.covers(now_later));
            }
        }
    }
}
