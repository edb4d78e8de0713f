//! `PartyService.MergeParties` of parties that were told of something, and have not acknowledged it.

use chrono::TimeDelta;
use fuldmagt_proto::v1::{Notice, NoticeKind};
use fuldmagt_tests::World;
use fuldmagt_tests::world::SEE;

/// Whom each notice is for, and what it tells.
fn told(notices: &[Notice]) -> Vec<(&str, Vec<NoticeKind>)> {
    let kinds = |notice: &Notice| notice.items.iter().map(|item| item.kind()).collect();
    notices.iter().map(|notice| (notice.receiver_id.as_str(), kinds(notice))).collect()
}

#[tokio::test]
async fn a_notice_that_was_told_is_the_survivors_without_what_the_survivor_was_told_as_well() {
    let world = World::with_catalogue().await;
    let ((survivor, absorbed), other) = (world.one_person_twice().await, world.person().await);
    world.give(&absorbed, &survivor, &[SEE]).await;
    world
        .sql(&format!(
            "update notice_item set cancelled_at = now();
             insert into notice_item (shard, item_id, receiver_id, kind, delegation_id, occurred_at)
             select 0, gen_random_uuid(), p, 'expiring', d.delegation_id, '{}'
             from delegation d cross join lateral unnest(array[d.delegator_id, d.representative_id]) p",
            world.now().to_rfc3339()
        ))
        .await;
    world.advance(TimeDelta::seconds(1)).await;
    world.give(&other, &absorbed, &[SEE]).await;
    world.advance(TimeDelta::minutes(16)).await;
    let before = world.notices(10).await;
    let expiring = (survivor.id.as_str(), vec![NoticeKind::Expiring]);
    let both = (absorbed.id.as_str(), vec![NoticeKind::Expiring, NoticeKind::Given]);
    let mut heard = told(&before);
    heard.sort_by_key(|(_, kinds)| kinds.len());
    assert_eq!(heard, [expiring.clone(), both]);
    world.merge(&survivor, &absorbed).await;
    let after = world.notices(10).await;
    let mut heard = told(&after);
    heard.sort_by_key(|(_, kinds)| kinds.contains(&NoticeKind::Given));
    assert_eq!(heard, [expiring, (survivor.id.as_str(), vec![NoticeKind::Given])]);
    let of = |notices: &[Notice]| notices.iter().map(|notice| notice.notice_id.clone()).collect::<Vec<_>>();
    assert_eq!(of(&after), of(&before));
}
