//! The status of a person in the CPR register, and what it does to delegations.

use crate::party::Standing;

/// The status of a person in the CPR register (*personstatus*): two digits. Source: CPR-kontoret, the codes of the
/// register's general extracts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CprStatus {
    /// 01: lives in Denmark.
    Denmark,
    /// 03: lives in Denmark, under a road code that stands for no road.
    DenmarkSpecialRoad,
    /// 05: lives in Greenland.
    Greenland,
    /// 07: lives in Greenland, under a road code that stands for no road.
    GreenlandSpecialRoad,
    /// 20: lives abroad, has a number for tax only.
    TaxOnly,
    /// 30: the number is annulled.
    Annulled,
    /// 50: the number was a person's second one, and is deleted.
    DeletedDuplicate,
    /// 60: the person has another number now.
    NumberChanged,
    /// 70: nobody knows where the person is.
    Disappeared,
    /// 80: has left the country.
    Emigrated,
    /// 90: is dead.
    Dead,
}

impl CprStatus {
    /// Every status, by code.
    pub const ALL: [Self; 11] = [
        Self::Denmark,
        Self::DenmarkSpecialRoad,
        Self::Greenland,
        Self::GreenlandSpecialRoad,
        Self::TaxOnly,
        Self::Annulled,
        Self::DeletedDuplicate,
        Self::NumberChanged,
        Self::Disappeared,
        Self::Emigrated,
        Self::Dead,
    ];

    /// The code as the register writes it, with its leading zero.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Denmark => "01",
            Self::DenmarkSpecialRoad => "03",
            Self::Greenland => "05",
            Self::GreenlandSpecialRoad => "07",
            Self::TaxOnly => "20",
            Self::Annulled => "30",
            Self::DeletedDuplicate => "50",
            Self::NumberChanged => "60",
            Self::Disappeared => "70",
            Self::Emigrated => "80",
            Self::Dead => "90",
        }
    }

    /// The code as a number, as stored.
    #[must_use]
    pub const fn code(self) -> i16 {
        match self {
            Self::Denmark => 1,
            Self::DenmarkSpecialRoad => 3,
            Self::Greenland => 5,
            Self::GreenlandSpecialRoad => 7,
            Self::TaxOnly => 20,
            Self::Annulled => 30,
            Self::DeletedDuplicate => 50,
            Self::NumberChanged => 60,
            Self::Disappeared => 70,
            Self::Emigrated => 80,
            Self::Dead => 90,
        }
    }

    /// The status of that number, if it is one.
    #[must_use]
    pub fn from_code(code: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.code() == code)
    }

    /// Reads a code, with or without its leading zero: sources print it both ways.
    ///
    /// # Errors
    /// [`Error::UnknownStatus`] for anything else.
    pub fn parse(input: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|status| input == status.as_str() || Some(input) == status.as_str().strip_prefix('0'))
            .ok_or(Error::UnknownStatus)
    }

    /// Whether the person lives in Denmark or Greenland by it.
    #[must_use]
    pub const fn is_active(self) -> bool {
        matches!(
            self,
            Self::Denmark | Self::DenmarkSpecialRoad | Self::Greenland | Self::GreenlandSpecialRoad
        )
    }

    /// Whether the register can tell another number that the person has now.
    #[must_use]
    pub const fn has_successor(self) -> bool {
        matches!(self, Self::NumberChanged | Self::DeletedDuplicate)
    }
}

/// What a status does to the delegations that a person gives and holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// They end, for good.
    End,
    /// They move to the person's new number.
    Merge,
    /// They rest.
    Suspend,
    /// Nothing.
    Nothing,
}

impl Effect {
    /// Every effect.
    pub const ALL: [Self; 4] = [Self::End, Self::Merge, Self::Suspend, Self::Nothing];

    /// The stable name: `end`, `merge`, `suspend` or `nothing`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::End => "end",
            Self::Merge => "merge",
            Self::Suspend => "suspend",
            Self::Nothing => "nothing",
        }
    }

    /// Reads a stable name.
    ///
    /// # Errors
    /// [`Error::UnknownEffect`] for any other text.
    pub fn parse(input: &str) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|effect| effect.as_str() == input).ok_or(Error::UnknownEffect)
    }
}

/// What a party's register status asks for, where its standing is another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Demand {
    /// Its delegations are to end, and its standing with them.
    End,
    /// It is to be merged into the party of its new number.
    Merge,
    /// It is to be suspended.
    Suspend,
    /// It is suspended, and nothing in the register asks for that any more.
    Resume,
}

/// A refused status or effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The text is no status of the register.
    #[error("not a status of the CPR register")]
    UnknownStatus,
    /// The text is no effect.
    #[error("not an effect: end, merge, suspend or nothing")]
    UnknownEffect,
    /// The register tells no new number with that status, so there is nobody to merge with.
    #[error("only a status with a new number (50 and 60) can merge")]
    NoSuccessor,
}

/// What each status does. By default as follows, the first by law, the others by this project's choice:
///
/// | status | effect |
/// | --- | --- |
/// | 90 | ends, given and held |
/// | 60 | merges into the party of the new number |
/// | 30, 50, 70 | suspends |
/// | 01, 03, 05, 07, 20, 80 | nothing |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effects([Effect; CprStatus::ALL.len()]);

impl Default for Effects {
    fn default() -> Self {
        Self(CprStatus::ALL.map(|status| match status {
            CprStatus::Dead => Effect::End,
            CprStatus::NumberChanged => Effect::Merge,
            CprStatus::Annulled | CprStatus::DeletedDuplicate | CprStatus::Disappeared => Effect::Suspend,
            CprStatus::Denmark
            | CprStatus::DenmarkSpecialRoad
            | CprStatus::Greenland
            | CprStatus::GreenlandSpecialRoad
            | CprStatus::TaxOnly
            | CprStatus::Emigrated => Effect::Nothing,
        }))
    }
}

impl Effects {
    /// The same table, but for one status.
    ///
    /// # Errors
    /// [`Error::NoSuccessor`].
    pub fn with(mut self, status: CprStatus, effect: Effect) -> Result<Self, Error> {
        if effect == Effect::Merge && !status.has_successor() {
            return Err(Error::NoSuccessor);
        }
        for (of, place) in CprStatus::ALL.into_iter().zip(&mut self.0) {
            if of == status {
                *place = effect;
            }
        }
        Ok(self)
    }

    /// What the status does.
    #[must_use]
    pub fn of(&self, status: CprStatus) -> Effect {
        let found = CprStatus::ALL.into_iter().zip(self.0).find(|(of, _)| *of == status);
        found.map_or(Effect::Nothing, |(_, effect)| effect)
    }

    /// What the status asks of a party of that standing; `None`: nothing, or what it is already.
    ///
    /// What has ended is never begun again. A party that is suspended is resumed only by a status of somebody who is
    /// there: one that has no effect of its own on a suspension (80, 20) leaves it.
    #[must_use]
    pub fn demand(&self, status: CprStatus, standing: Standing) -> Option<Demand> {
        match (self.of(status), standing) {
            (_, Standing::Ended) => None,
            (Effect::End, Standing::Good | Standing::Suspended) => Some(Demand::End),
            (Effect::Merge, Standing::Good | Standing::Suspended) => Some(Demand::Merge),
            (Effect::Suspend, Standing::Good) => Some(Demand::Suspend),
            (Effect::Nothing, Standing::Suspended) if status.is_active() => Some(Demand::Resume),
            (Effect::Suspend, Standing::Suspended)
            | (Effect::Nothing, Standing::Good | Standing::Suspended) => None,
        }
    }

    /// Every status and standing that do not go together.
    pub fn demands(&self) -> impl Iterator<Item = (CprStatus, Standing)> {
        let standings = |status| Standing::ALL.into_iter().map(move |standing| (status, standing));
        let pairs = CprStatus::ALL.into_iter().flat_map(standings);
        pairs.filter(|(status, standing)| self.demand(*status, *standing).is_some())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_code_is_read_padded_and_not() {
        for status in CprStatus::ALL {
            assert_eq!(CprStatus::parse(status.as_str()), Ok(status));
            assert_eq!(CprStatus::parse(&status.code().to_string()), Ok(status));
            assert_eq!(CprStatus::from_code(status.code()), Some(status));
            assert_eq!(status.as_str(), format!("{:02}", status.code()));
        }
        assert!(CprStatus::ALL.is_sorted());
    }

    #[test]
    fn what_is_no_code_is_refused() {
        for input in ["", "0", "00", "2", "02", "001", "1 ", " 1", "+1", "9", "99", "010", "ٱ", "dead"] {
            assert_eq!(CprStatus::parse(input), Err(Error::UnknownStatus), "{input}");
        }
        assert_eq!(CprStatus::from_code(0), None);
    }

    #[test]
    fn by_default_the_dead_end_a_changed_number_merges_and_those_who_cannot_be_reached_rest() {
        let effects: Vec<_> =
            CprStatus::ALL.iter().map(|status| (status.as_str(), Effects::default().of(*status))).collect();
        assert_eq!(
            effects,
            [
                ("01", Effect::Nothing),
                ("03", Effect::Nothing),
                ("05", Effect::Nothing),
                ("07", Effect::Nothing),
                ("20", Effect::Nothing),
                ("30", Effect::Suspend),
                ("50", Effect::Suspend),
                ("60", Effect::Merge),
                ("70", Effect::Suspend),
                ("80", Effect::Nothing),
                ("90", Effect::End),
            ]
        );
    }

    #[test]
    fn only_a_status_with_a_new_number_can_merge() {
        for status in CprStatus::ALL {
            let merging = Effects::default().with(status, Effect::Merge);
            assert_eq!(merging.is_ok(), ["50", "60"].contains(&status.as_str()), "{}", status.as_str());
        }
    }

    #[test]
    fn every_effect_is_read_back_from_its_name_and_nothing_else_is() {
        for effect in Effect::ALL {
            assert_eq!(Effect::parse(effect.as_str()), Ok(effect));
        }
        for input in ["", "End", " end", "ends", "none"] {
            assert_eq!(Effect::parse(input), Err(Error::UnknownEffect), "{input}");
        }
    }

    #[test]
    fn a_status_asks_for_what_the_standing_is_not_yet() {
        use Standing::{Ended, Good, Suspended};
        for (status, good, suspended) in [
            (CprStatus::Denmark, None, Some(Demand::Resume)),
            (CprStatus::GreenlandSpecialRoad, None, Some(Demand::Resume)),
            (CprStatus::TaxOnly, None, None),
            (CprStatus::Emigrated, None, None),
            (CprStatus::Annulled, Some(Demand::Suspend), None),
            (CprStatus::DeletedDuplicate, Some(Demand::Suspend), None),
            (CprStatus::Disappeared, Some(Demand::Suspend), None),
            (CprStatus::NumberChanged, Some(Demand::Merge), Some(Demand::Merge)),
            (CprStatus::Dead, Some(Demand::End), Some(Demand::End)),
        ] {
            let asked = [Good, Suspended, Ended].map(|standing| Effects::default().demand(status, standing));
            assert_eq!(asked, [good, suspended, None], "{}", status.as_str());
        }
    }

    proptest! {
        #[test]
        fn one_row_changes_and_the_others_stay(status in 0..11_usize, effect in 0..4_usize) {
            let (status, effect) = (CprStatus::ALL[status], Effect::ALL[effect]);
            let Ok(effects) = Effects::default().with(status, effect) else { return Ok(()) };
            for other in CprStatus::ALL {
                let wanted = if other == status { effect } else { Effects::default().of(other) };
                prop_assert_eq!(effects.of(other), wanted);
            }
            let pairs: Vec<_> = effects.demands().collect();
            for other in CprStatus::ALL {
                for standing in Standing::ALL {
                    let asks = effects.demand(other, standing).is_some();
                    prop_assert_eq!(pairs.contains(&(other, standing)), asks);
                }
            }
        }

        #[test]
        fn no_text_makes_the_reader_fail_other_than_by_refusing(text in "\\PC{0,6}|[0-9]{0,3}") {
            if let Ok(status) = CprStatus::parse(&text) {
                prop_assert_eq!(status.code().to_string(), text.trim_start_matches('0'));
            }
        }
    }
}
