use uuid::Uuid;

use super::*;
use crate::{
    delegation::{
        Links, Packages,
        testing::{delegation, instant, party, uri},
    },
    period::Period,
    testing::package_id,
};

/// Revokes, at second 10; `all` holds `urn:dk:c`, `urn:dk:d` and `urn:dk:e`, `more` holds `urn:dk:e`.
fn revoke(tree: Tree, privileges: &[PrivilegeUri], packages: &[PackageId]) -> Result<Vec<Step>, Refusal> {
    revoke_beside(tree, privileges, packages, &[])
}

fn revoke_beside(
    tree: Tree,
    privileges: &[PrivilegeUri],
    packages: &[PackageId],
    others: &[Tree],
) -> Result<Vec<Step>, Refusal> {
    let holdings = BTreeMap::from([
        (package_id("all"), vec![uri("urn:dk:c"), uri("urn:dk:d"), uri("urn:dk:e")]),
        (package_id("more"), vec![uri("urn:dk:e")]),
    ]);
    // One comes before the delegation ends, one after.
    let announced = BTreeMap::from([(
        package_id("more"),
        vec![(uri("urn:dk:f"), instant(50)), (uri("urn:dk:g"), instant(100))],
    )]);
    let parts = Parts { privileges, packages, holdings: &holdings, announced: &announced, others };
    take_out(tree, parts, party(2), None, instant(10))
}

/// Follows `all` and `more` beside its privileges.
fn following() -> Tree {
    let packages = Packages::following(vec![package_id("all"), package_id("more")]);
    Tree { top: Delegation { packages, ..delegation(0, 100) }, below: Vec::new() }
}

fn alone() -> Tree {
    Tree { top: delegation(0, 100), below: Vec::new() }
}

/// The same with one sub-delegation of `urn:dk:a` to party 4, and one from there of it to party 5.
fn deep() -> Tree {
    let child = |id: u128, to: u128, parent: u128, chain: Vec<PartyId>| Delegation {
        id: DelegationId(Uuid::from_u128(id)),
        representative: party(to),
        privileges: vec![uri("urn:dk:a")],
        links: Links { parent: Some(DelegationId(Uuid::from_u128(parent))), chain, ..Links::default() },
        ..delegation(0, 100)
    };
    let below = vec![child(10, 4, 1, vec![party(3)]), child(11, 5, 10, vec![party(3), party(4)])];
    Tree { top: delegation(0, 100), below }
}

#[test]
fn ending_twice_changes_nothing() {
    let steps = end(alone(), EndedBy::Delegator, party(2), None, instant(10)).unwrap();
    let [step] = steps.as_slice() else { panic!("one step") };
    assert_eq!(step.delegation.state, State::Revoked { at: instant(10) });
    assert_eq!((step.delegation.version, step.takes.len()), (2, 2));
    assert_eq!(step.tells, [(party(3), NoticeKind::Revoked)]);
    let again = Tree { top: step.delegation.clone(), below: Vec::new() };
    assert_eq!(
        end(again, EndedBy::Representative, party(3), None, instant(20)),
        Err(Refusal::AlreadyEnded(Box::new(step.delegation.clone())))
    );
}

#[test]
fn what_has_not_begun_can_be_ended_and_what_has_expired_cannot() {
    let scheduled = Tree { top: delegation(50, 100), below: Vec::new() };
    let steps = end(scheduled, EndedBy::Representative, party(3), None, instant(10)).unwrap();
    assert_eq!(steps[0].delegation.status(instant(60)), Status::Renounced);
    assert_eq!(steps[0].tells, [(party(2), NoticeKind::Renounced)]);
    assert!(end(alone(), EndedBy::Delegator, party(2), None, instant(100)).is_err());
}

#[test]
fn a_request_is_not_ended() {
    let request = Delegation { state: State::Requested { lapses_at: instant(50) }, ..delegation(0, 100) };
    let tree = Tree { top: request, below: Vec::new() };
    assert_eq!(end(tree, EndedBy::Delegator, party(2), None, instant(10)), Err(Refusal::NotGiven));
}

#[test]
fn what_was_given_on_ends_with_it_at_any_depth() {
    let steps = end(deep(), EndedBy::Delegator, party(2), None, instant(10)).unwrap();
    assert_eq!(steps.len(), 3);
    for step in &steps[1..] {
        let why = Termination::ParentEnded;
        assert_eq!(step.delegation.state, State::Terminated { at: instant(10), why });
        assert_eq!(step.takes, [uri("urn:dk:a")]);
    }
}

#[test]
fn what_was_given_on_and_has_expired_stays_as_it_is() {
    let mut tree = deep();
    let parent = tree.top.period;
    tree.below[1].period = Period::new(parent.from(), instant(10)).unwrap();
    let ids = |steps: Vec<Step>| steps.iter().map(|step| step.id().0.as_u128()).collect::<Vec<_>>();
    let whole = end(tree.clone(), EndedBy::Delegator, party(2), None, instant(10)).unwrap();
    assert_eq!(ids(whole), [1, 10]);
    let part = revoke(tree, &[uri("urn:dk:a")], &[]).unwrap();
    assert_eq!(ids(part), [1, 10]);
}

#[test]
fn who_gave_it_on_hears_that_it_was_renounced() {
    let below = deep().below.remove(1);
    let tree = Tree { top: below, below: Vec::new() };
    let steps = end(tree, EndedBy::Representative, party(5), None, instant(10)).unwrap();
    let told = [(party(2), NoticeKind::Renounced), (party(4), NoticeKind::Renounced)];
    assert_eq!((steps.len(), steps[0].tells.as_slice()), (1, &told[..]));
}

#[test]
fn all_that_lives_ends_together() {
    let other = |id: u128, change: fn(&mut Delegation)| {
        let mut top = Delegation { id: DelegationId(Uuid::from_u128(id)), ..delegation(0, 100) };
        change(&mut top);
        Tree { top, below: Vec::new() }
    };
    let trees = vec![
        deep(),
        other(2, |d| d.state = State::Renounced { at: instant(5) }),
        other(3, |d| d.period = Period::new(instant(0), instant(9)).unwrap()),
        other(4, |d| d.period = Period::new(instant(50), instant(60)).unwrap()),
        other(5, |d| d.state = State::PaperStarted),
    ];
    let ended = end_all(trees, party(2), Some(EndReason::Misuse), instant(10));
    let ids: Vec<_> = ended.iter().flatten().map(|step| step.id().0.as_u128()).collect();
    assert_eq!(ids, [1, 10, 11, 4]);
    for steps in &ended {
        assert_eq!(steps[0].delegation.state, State::Revoked { at: instant(10) });
        assert_eq!(steps[0].reason, Some(Reason::End(EndReason::Misuse)));
    }
    assert_eq!(end_all(Vec::new(), party(2), None, instant(10)), Vec::<Vec<Step>>::new());
}

#[test]
fn one_privilege_of_several_can_be_taken_out() {
    let steps = revoke(deep(), &[uri("urn:dk:b")], &[]).unwrap();
    let [step] = steps.as_slice() else { panic!("what is below does not have it") };
    assert_eq!(step.delegation.privileges, [uri("urn:dk:a")]);
    assert_eq!(step.delegation.taken_out, [uri("urn:dk:b")]);
    assert_eq!((step.delegation.state, step.kind), (State::Active, EventKind::PrivilegesRevoked));

    let steps = revoke(deep(), &[uri("urn:dk:a")], &[]).unwrap();
    assert_eq!(steps.len(), 3);
    assert_eq!(steps[0].delegation.state, State::Active);
    assert!(steps[1..].iter().all(|step| step.kind == EventKind::Terminated));
}

#[test]
fn to_take_out_all_is_to_end_and_what_it_never_had_is_refused() {
    let both = [uri("urn:dk:a"), uri("urn:dk:b")];
    let steps = revoke(alone(), &both, &[]).unwrap();
    assert_eq!(steps[0].delegation.state, State::Revoked { at: instant(10) });
    let foreign = uri("urn:dk:c");
    assert_eq!(revoke(alone(), std::slice::from_ref(&foreign), &[]), Err(Refusal::NotDelegated(foreign)));
    let mut top = delegation(0, 100);
    top.taken_out = vec![uri("urn:dk:c")];
    let again = revoke(Tree { top, below: Vec::new() }, &[uri("urn:dk:c")], &[]);
    assert!(matches!(again, Err(Refusal::AlreadyEnded(_))));
}

#[test]
fn all_that_is_followed_ends_with_the_delegation() {
    let steps = end(following(), EndedBy::Representative, party(3), None, instant(10)).unwrap();
    assert_eq!(steps[0].leaves, [package_id("all"), package_id("more")]);
    assert_eq!(steps[0].delegation.packages, following().top.packages, "as it was when it ended");
}

#[test]
fn a_package_is_taken_out_with_all_that_it_holds() {
    let steps = revoke(following(), &[], &[package_id("all")]).unwrap();
    let [step] = steps.as_slice() else { panic!("one step") };
    assert_eq!((step.kind, step.delegation.state), (EventKind::PrivilegesRevoked, State::Active));
    assert_eq!((step.leaves.as_slice(), step.grants.len()), (&[package_id("all")][..], 0));
    assert_eq!(step.delegation.packages.followed, [package_id("more")]);
    assert_eq!(step.delegation.packages.taken_out, [package_id("all")]);
    let again = Tree { top: step.delegation.clone(), below: Vec::new() };
    assert!(matches!(revoke(again, &[], &[package_id("all")]), Err(Refusal::AlreadyEnded(_))));
    let other = package_id("other");
    let refused = revoke(following(), &[], std::slice::from_ref(&other));
    assert_eq!(refused, Err(Refusal::NotFollowed(other)));
}

#[test]
fn a_privilege_of_a_followed_package_is_taken_out_and_the_others_are_kept() {
    let steps = revoke(following(), &[uri("urn:dk:d")], &[]).unwrap();
    let [step] = steps.as_slice() else { panic!("one step") };
    assert_eq!((step.takes.len(), step.leaves.as_slice()), (0, &[package_id("all")][..]));
    assert_eq!(step.grants, [uri("urn:dk:c"), uri("urn:dk:e")]);
    assert_eq!(step.grants_from(), instant(10), "not before");
    let left = ["urn:dk:a", "urn:dk:b", "urn:dk:c", "urn:dk:e"].map(uri);
    assert_eq!(step.delegation.privileges, left);
    assert_eq!(step.delegation.packages.followed, [package_id("more")]);
    let again = Tree { top: step.delegation.clone(), below: Vec::new() };
    assert!(matches!(revoke(again, &[uri("urn:dk:d")], &[]), Err(Refusal::AlreadyEnded(_))));
}

#[test]
fn what_is_kept_of_a_package_is_remembered_as_such_until_it_is_taken_out() {
    let [step] = revoke(following(), &[uri("urn:dk:d")], &[]).unwrap().try_into().unwrap();
    assert_eq!(step.delegation.packages.kept, [uri("urn:dk:c"), uri("urn:dk:e")]);
    let kept = Tree { top: step.delegation, below: Vec::new() };
    let [step] = revoke(kept, &[uri("urn:dk:c")], &[]).unwrap().try_into().unwrap();
    assert_eq!(step.delegation.packages.kept, [uri("urn:dk:e")]);
}

#[test]
fn a_package_that_is_to_bring_the_privilege_back_before_the_end_is_left_as_well() {
    let [step] = revoke(following(), &[uri("urn:dk:f")], &[]).unwrap().try_into().unwrap();
    assert_eq!((step.leaves, step.grants), (vec![package_id("more")], vec![uri("urn:dk:e")]));
    let after_the_end = revoke(following(), &[uri("urn:dk:g")], &[]);
    assert_eq!(after_the_end, Err(Refusal::NotDelegated(uri("urn:dk:g"))));
}

#[test]
fn a_privilege_is_taken_out_of_every_package_that_holds_it() {
    let steps = revoke(following(), &[uri("urn:dk:e")], &[]).unwrap();
    assert_eq!(steps[0].leaves, [package_id("all"), package_id("more")]);
    assert_eq!(steps[0].grants, [uri("urn:dk:c"), uri("urn:dk:d")]);
}

#[test]
fn what_was_taken_out_before_is_not_kept_nor_what_is_held_otherwise() {
    let mut tree = following();
    tree.top.taken_out = vec![uri("urn:dk:c")];
    let other = |from, to| {
        let privileges = vec![uri("urn:dk:e")];
        let id = DelegationId(Uuid::from_u128(9));
        vec![Tree { top: Delegation { id, privileges, ..delegation(from, to) }, below: Vec::new() }]
    };
    let kept = |others: &[Tree]| {
        let steps = revoke_beside(tree.clone(), &[uri("urn:dk:d")], &[], others).unwrap();
        steps[0].grants.clone()
    };
    assert_eq!(kept(&[]), [uri("urn:dk:e")]);
    assert_eq!(kept(&other(50, 60)), [] as [PrivilegeUri; 0]);
    assert_eq!(kept(&other(0, 10)), [uri("urn:dk:e")], "that is over");
    assert_eq!(kept(&other(100, 200)), [uri("urn:dk:e")], "that comes after");
}

#[test]
fn a_delegation_of_which_nothing_is_left_ends() {
    let mut tree = following();
    tree.top.privileges = Vec::new();
    let both = [package_id("all"), package_id("more")];
    let steps = revoke(tree.clone(), &[], &both).unwrap();
    assert_eq!(steps[0].delegation.state, State::Revoked { at: instant(10) });
    assert_eq!(steps[0].leaves, both);
    tree.top.packages = Packages::following(vec![package_id("more")]);
    let steps = revoke(tree, &[uri("urn:dk:e")], &[]).unwrap();
    assert_eq!(steps[0].delegation.state, State::Revoked { at: instant(10) });
}

#[test]
fn a_replacement_takes_what_is_the_same_and_leaves_the_rest() {
    let by = DelegationId(Uuid::from_u128(77));
    let part =
        supersede(alone(), &Content::privileges(vec![uri("urn:dk:a"), uri("urn:dk:z")]), by, instant(10));
    assert_eq!((part[0].delegation.state, part[0].takes.as_slice()), (State::Active, &[uri("urn:dk:a")][..]));
    assert_eq!((part[0].kind, part[0].related), (EventKind::Superseded, Some(by.0)));
    let whole =
        supersede(alone(), &Content::privileges(vec![uri("urn:dk:a"), uri("urn:dk:b")]), by, instant(10));
    assert_eq!(whole[0].delegation.state, State::Superseded { at: instant(10) });
    assert_eq!(whole[0].delegation.links.superseded_by, Some(by));
}

#[test]
fn a_death_ends_whatever_lives_and_tells_the_one_who_is_left() {
    let steps = terminate(deep(), Termination::Death, instant(10), Some(party(2))).unwrap();
    assert_eq!(steps[0].tells, [(party(3), NoticeKind::EndedByDeath)]);
    assert_eq!(steps.len(), 3);
    let ended = Tree { top: steps[0].delegation.clone(), below: Vec::new() };
    assert_eq!(terminate(ended, Termination::Death, instant(20), None), None);
}
