//! How the text is laid out, the same in every language.
//!
//! Headings stand at the beginning of a line and everything else is indented, each line of what somebody else has
//! written too: so no name, title or description can pass for another part of the text.

use super::{
    Agreement, Item, Kind, Named, PackageContent, PackageItem, Replaced, Side,
    when::{self, Calendar},
};
use crate::{identifier::PartyKind, period::Stated, privilege::AccessKind};

/// Before everything that is no heading.
const INDENT: &str = "   ";

/// What a text says in one language. Headings, then labels, then sentences, in the order of the text.
pub(super) struct Wording {
    pub(super) title: &'static str,
    pub(super) gift: &'static str,
    pub(super) acceptance: &'static str,
    pub(super) request: &'static str,
    pub(super) renewal: &'static str,
    pub(super) renewed: &'static str,
    pub(super) sub_delegation: &'static str,
    pub(super) parent: &'static str,
    pub(super) delegator: &'static str,
    pub(super) giver: &'static str,
    pub(super) representative: &'static str,
    pub(super) name: &'static str,
    pub(super) no_name: &'static str,
    pub(super) kind: &'static str,
    pub(super) person: &'static str,
    pub(super) organisation: &'static str,
    pub(super) employee: &'static str,
    pub(super) id: &'static str,
    pub(super) employer: &'static str,
    pub(super) no_employer_name: &'static str,
    pub(super) employer_id: &'static str,
    pub(super) privileges: &'static str,
    pub(super) access: &'static str,
    pub(super) may_see: &'static str,
    pub(super) may_act: &'static str,
    pub(super) given_on: &'static str,
    pub(super) not_given_on: &'static str,
    pub(super) given_on_once: &'static str,
    /// Before and after how many times.
    pub(super) given_on_times: (&'static str, &'static str),
    pub(super) privilege: &'static str,
    pub(super) title_of: fn(&Item) -> &str,
    pub(super) description_of: fn(&Item) -> &str,
    pub(super) packages: &'static str,
    pub(super) package: &'static str,
    pub(super) package_version: &'static str,
    pub(super) pinned: &'static str,
    pub(super) followed: &'static str,
    pub(super) package_title_of: fn(&PackageItem) -> &str,
    pub(super) package_description_of: fn(&PackageItem) -> &str,
    pub(super) period: &'static str,
    pub(super) is_valid: &'static str,
    pub(super) never_before: &'static str,
    pub(super) from_signature: &'static str,
    pub(super) from_day: &'static str,
    pub(super) from_instant: &'static str,
    pub(super) to_day: &'static str,
    pub(super) to_instant: &'static str,
    pub(super) calendar: Calendar,
    pub(super) replaces: &'static str,
    pub(super) delegation: &'static str,
    pub(super) was_valid: &'static str,
    pub(super) ends_wholly: &'static str,
    pub(super) ends_partly: &'static str,
    pub(super) of_package: &'static str,
    pub(super) to_know: &'static str,
    /// What is true where an organisation is the representative.
    pub(super) of_organisation: &'static str,
    /// What is true where an employee is the representative.
    pub(super) of_employee: &'static str,
    /// What is true of every delegation that a delegator gives.
    pub(super) facts: &'static [&'static str],
    /// What is true of every delegation that is given on.
    pub(super) facts_given_on: &'static [&'static str],
}

/// The text in one language.
pub(super) fn written(agreement: &Agreement, wording: &Wording) -> String {
    let mut page = Page(String::new());
    page.0 += wording.title;
    page.0.push('\n');
    match &agreement.kind {
        Kind::Gift => page.line(wording.gift),
        Kind::Acceptance { request } => {
            page.line(wording.acceptance);
            page.labelled(wording.request, &request.to_string());
        }
        Kind::Renewal { of } => {
            page.line(wording.renewal);
            page.labelled(wording.renewed, &of.to_string());
        }
        Kind::SubDelegation { parent, .. } => {
            page.line(wording.sub_delegation);
            page.labelled(wording.parent, &parent.to_string());
        }
    }
    page.side(wording.delegator, &agreement.delegator, wording);
    if let Kind::SubDelegation { giver, .. } = &agreement.kind {
        page.side(wording.giver, giver, wording);
    }
    page.side(wording.representative, &agreement.representative, wording);
    page.items(&agreement.privileges, wording);
    page.packages(&agreement.packages, wording);
    page.period(agreement.period, wording);
    page.replaced(&agreement.replaces, wording);
    page.heading(wording.to_know);
    to_know(agreement, wording).for_each(|fact| page.line(&format!("- {fact}")));
    page.0
}

fn to_know(agreement: &Agreement, wording: &Wording) -> impl Iterator<Item = &'static str> {
    let of_kind = match agreement.representative.kind {
        PartyKind::Person => None,
        PartyKind::Organisation => Some(wording.of_organisation),
        PartyKind::Employee => Some(wording.of_employee),
    };
    let facts = match agreement.kind {
        Kind::Gift | Kind::Acceptance { .. } | Kind::Renewal { .. } => wording.facts,
        Kind::SubDelegation { .. } => wording.facts_given_on,
    };
    of_kind.into_iter().chain(facts.iter().copied())
}

struct Page(String);

impl Page {
    fn heading(&mut self, text: &str) {
        self.0.push('\n');
        self.0 += text;
        self.0.push('\n');
    }

    fn line(&mut self, text: &str) {
        self.0 += INDENT;
        self.0 += text;
        self.0.push('\n');
    }

    fn labelled(&mut self, label: &str, value: &str) {
        self.line(&format!("{label}: {value}"));
    }

    fn side(&mut self, heading: &str, side: &Side, wording: &Wording) {
        self.heading(heading);
        self.named(&side.party, wording.name, wording.no_name);
        let kind = match side.kind {
            PartyKind::Person => wording.person,
            PartyKind::Organisation => wording.organisation,
            PartyKind::Employee => wording.employee,
        };
        self.labelled(wording.kind, kind);
        self.labelled(wording.id, &side.party.id.to_string());
        if let Some(employer) = &side.employer {
            self.named(employer, wording.employer, wording.no_employer_name);
            self.labelled(wording.employer_id, &employer.id.to_string());
        }
    }

    fn named(&mut self, party: &Named, label: &str, no_name: &str) {
        match &party.name {
            Some(name) => self.labelled(label, name.expose()),
            None => self.line(no_name),
        }
    }

    fn items(&mut self, items: &[Item], wording: &Wording) {
        if items.is_empty() {
            return;
        }
        self.heading(wording.privileges);
        for (number, item) in (1..).zip(items) {
            if number > 1 {
                self.0.push('\n');
            }
            self.item(&format!("{number}."), item, wording);
        }
    }

    fn item(&mut self, number: &str, item: &Item, wording: &Wording) {
        self.0 += &format!("{number} {}\n", (wording.title_of)(item));
        let access = match item.access {
            AccessKind::Read => wording.may_see,
            AccessKind::Act => wording.may_act,
        };
        self.labelled(wording.access, access);
        let (before, after) = wording.given_on_times;
        let given_on = match item.may_be_given_on {
            0 => wording.not_given_on.to_owned(),
            1 => wording.given_on_once.to_owned(),
            times => format!("{before} {times} {after}"),
        };
        self.labelled(wording.given_on, &given_on);
        self.labelled(wording.privilege, item.uri.as_str());
        self.description((wording.description_of)(item));
    }

    fn description(&mut self, text: &str) {
        for line in text.split('\n') {
            if line.is_empty() { self.0.push('\n') } else { self.line(line) }
        }
    }

    fn packages(&mut self, packages: &[PackageItem], wording: &Wording) {
        if packages.is_empty() {
            return;
        }
        self.heading(wording.packages);
        for (number, package) in (1..).zip(packages) {
            if number > 1 {
                self.0.push('\n');
            }
            self.0 += &format!("{number}. {}\n", (wording.package_title_of)(package));
            self.labelled(wording.package, package.id.as_str());
            match &package.content {
                PackageContent::Pinned { version } => {
                    self.labelled(wording.package_version, &version.to_string());
                    self.line(wording.pinned);
                }
                PackageContent::Followed { .. } => self.line(wording.followed),
            }
            self.description((wording.package_description_of)(package));
            let PackageContent::Followed { members } = &package.content else { continue };
            for (place, member) in (1..).zip(members) {
                self.0.push('\n');
                self.item(&format!("{number}.{place}."), member, wording);
            }
        }
    }

    fn period(&mut self, stated: Stated, wording: &Wording) {
        self.heading(wording.period);
        self.line(&format!("{} {}.", wording.is_valid, when::period(stated, wording)));
        if stated.start.is_some() {
            self.line(wording.never_before);
        }
    }

    fn replaced(&mut self, replaced: &[Replaced], wording: &Wording) {
        if replaced.is_empty() {
            return;
        }
        self.heading(wording.replaces);
        for old in replaced {
            let period = when::period(old.period.into(), wording);
            self.line(&format!("{} {}, {} {period}.", wording.delegation, old.id, wording.was_valid));
            self.line(if old.is_whole { wording.ends_wholly } else { wording.ends_partly });
            old.privileges.iter().for_each(|uri| self.line(&format!("- {uri}")));
            old.packages.iter().for_each(|id| self.line(&format!("- {} {id}", wording.of_package)));
        }
    }
}
