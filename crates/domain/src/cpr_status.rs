//! The status of a person in the CPR register, and what it does to delegations.

use crate::{party::Standing, standing::Turn};

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

    /// Whether who is suspended for it stays so until a caseworker has looked into it, whatever the register says next:
    /// somebody else may have used the number.
    #[must_use]
    pub const fn needs_caseworker(self) -> bool {
        matches!(self, Self::Annulled | Self::DeletedDuplicate)
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

/// What the register has happen to a party, by its status there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ruling {
    /// What happens to it, if anything.
    pub turn: Option<Turn>,
    /// The status that its suspension comes from, or came from, after it.
    pub noted: Option<CprStatus>,
}

/// What a party is when the register is asked about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its standing.
    pub standing: Standing,
    /// The status for which it was suspended. It stays when a caseworker reinstates the party.
    pub noted: Option<CprStatus>,
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

    /// Whether the party is to be merged into that of its new number, or to learn the number.
    #[must_use]
    pub fn merges(&self, status: CprStatus) -> bool {
        self.of(status) == Effect::Merge
    }

    /// Every status that does something.
    pub fn acting(&self) -> impl Iterator<Item = CprStatus> {
        CprStatus::ALL.into_iter().filter(|status| self.of(*status) != Effect::Nothing)
    }

    /// What the status has happen to the party.
    ///
    /// What has ended is never begun again. Who was reinstated by a caseworker is not suspended again for the same status.
    /// A suspension is lifted by a status of somebody who is there, unless a caseworker is to look into it first; a status
    /// that says neither (80, 20) leaves it.
    #[must_use]
    pub fn ruling(&self, status: CprStatus, known: Known) -> Ruling {
        let Known { standing, noted } = known;
        let waits = noted.is_some_and(CprStatus::needs_caseworker);
        match (self.of(status), standing) {
            (Effect::End, Standing::Good | Standing::Suspended) => {
                let turn = if status == CprStatus::Dead { Turn::Died } else { Turn::PartyEnded };
                Ruling { turn: Some(turn), noted: None }
            }
            (Effect::Suspend, Standing::Good) if noted != Some(status) => {
                Ruling { turn: Some(Turn::Suspended), noted: Some(status) }
            }
            (Effect::Suspend, Standing::Suspended) if !waits || status.needs_caseworker() => {
                Ruling { turn: None, noted: Some(status) }
            }
            (Effect::Nothing, Standing::Good) => Ruling { turn: None, noted: None },
            (Effect::Nothing, Standing::Suspended) if status.is_active() && noted.is_some() && !waits => {
                Ruling { turn: Some(Turn::Reinstated), noted: None }
            }
            (_, Standing::Ended)
            | (Effect::Merge, _)
            | (Effect::Suspend, Standing::Good | Standing::Suspended)
            | (Effect::Nothing, Standing::Suspended) => Ruling { turn: None, noted },
        }
    }

    /// Every status and party that something is to be written for, and what.
    pub fn rulings(&self) -> impl Iterator<Item = (CprStatus, Known, Ruling)> {
        let noted = || std::iter::once(None).chain(CprStatus::ALL.into_iter().map(Some));
        let parties = move || {
            let of = move |standing| noted().map(move |noted| Known { standing, noted });
            Standing::ALL.into_iter().flat_map(of)
        };
        let all =
            CprStatus::ALL.into_iter().flat_map(move |status| parties().map(move |known| (status, known)));
        all.map(|(status, known)| (status, known, self.ruling(status, known)))
            .filter(|(_, known, ruling)| ruling.turn.is_some() || ruling.noted != known.noted)
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

    fn rules(status: CprStatus, standing: Standing, noted: Option<CprStatus>) -> Ruling {
        Effects::default().ruling(status, Known { standing, noted })
    }

    #[test]
    fn each_status_has_its_row_of_the_table_happen_to_whom_it_has_not_happened_yet() {
        use Standing::{Ended, Good, Suspended};
        for status in CprStatus::ALL {
            let good = match status.as_str() {
                "90" => (Some(Turn::Died), None),
                "30" | "50" | "70" => (Some(Turn::Suspended), Some(status)),
                _ => (None, None),
            };
            let ruling = rules(status, Good, None);
            assert_eq!((ruling.turn, ruling.noted), good, "{}", status.as_str());
            assert_eq!(rules(status, Ended, None), Ruling { turn: None, noted: None });
            // Whom a caseworker has reinstated.
            let again = rules(status, Good, Some(CprStatus::Disappeared)).turn;
            assert_eq!(again, if status == CprStatus::Disappeared { None } else { good.0 });
            let suspended = rules(status, Suspended, Some(CprStatus::Disappeared)).turn;
            let wanted = match status.as_str() {
                "90" => Some(Turn::Died),
                "01" | "03" | "05" | "07" => Some(Turn::Reinstated),
                _ => None,
            };
            assert_eq!(suspended, wanted, "{}", status.as_str());
        }
    }

    #[test]
    fn who_is_suspended_for_a_number_that_is_no_more_waits_for_a_caseworker() {
        for noted in [CprStatus::Annulled, CprStatus::DeletedDuplicate] {
            for status in
                [CprStatus::Denmark, CprStatus::Greenland, CprStatus::Disappeared, CprStatus::Emigrated]
            {
                let kept = Ruling { turn: None, noted: Some(noted) };
                assert_eq!(rules(status, Standing::Suspended, Some(noted)), kept, "{}", status.as_str());
            }
            assert_eq!(rules(CprStatus::Dead, Standing::Suspended, Some(noted)).turn, Some(Turn::Died));
        }
        let worse = rules(CprStatus::Annulled, Standing::Suspended, Some(CprStatus::Disappeared));
        assert_eq!(worse, Ruling { turn: None, noted: Some(CprStatus::Annulled) });
    }

    #[test]
    fn a_caseworkers_word_counts_until_the_register_says_something_else() {
        let gone = Some(CprStatus::Disappeared);
        assert_eq!(rules(CprStatus::Disappeared, Standing::Good, gone), Ruling { turn: None, noted: gone });
        assert_eq!(rules(CprStatus::Denmark, Standing::Good, gone), Ruling { turn: None, noted: None });
        assert_eq!(rules(CprStatus::Disappeared, Standing::Good, None).turn, Some(Turn::Suspended));
    }

    #[test]
    fn a_status_that_is_set_to_end_a_party_is_no_death() {
        let effects = Effects::default().with(CprStatus::Annulled, Effect::End).unwrap();
        let known = Known { standing: Standing::Good, noted: None };
        assert_eq!(effects.ruling(CprStatus::Annulled, known).turn, Some(Turn::PartyEnded));
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
            // Nothing happens twice: what is written is not to be written again.
            for (status, known, ruling) in effects.rulings() {
                prop_assert_ne!(known.standing, Standing::Ended);
                let standing = ruling.turn.map_or(known.standing, Turn::standing);
                let after = Known { standing, noted: ruling.noted };
                prop_assert_eq!(effects.ruling(status, after), Ruling { turn: None, noted: ruling.noted });
            }
            let acting: Vec<_> = effects.acting().collect();
            let merging: Vec<_> = CprStatus::ALL.into_iter().filter(|status| effects.merges(*status)).collect();
            prop_assert!(merging.iter().all(|status| status.has_successor() && acting.contains(status)));
        }

        #[test]
        fn no_text_makes_the_reader_fail_other_than_by_refusing(text in "\\PC{0,6}|[0-9]{0,3}") {
            if let Ok(status) = CprStatus::parse(&text) {
                prop_assert_eq!(status.code().to_string(), text.trim_start_matches('0'));
            }
        }
    }
}
