//! An authority's questions.

use fuldmagt_domain::identifier::Identifier;
use fuldmagt_proto::v1;
use fuldmagt_store::query::Question;

use super::{
    Violations,
    identifier::{identifier, p_number},
    privileges::privilege,
};

/// The most questions of one batch: what a case system asks for a night's work list, and some 250 kB.
pub const MAX_ITEMS: usize = 1_000;

/// The one question of a check.
pub fn question(fields: &mut Violations, asked: v1::BatchCheckItem) -> Option<Question> {
    let delegator = fields.read("delegator", |fields| identifier(fields, asked.delegator));
    let representative = fields.read("representative", |fields| {
        let representative = identifier(fields, asked.representative)?;
        another_than(fields, delegator.as_ref(), representative)
    });
    let privilege = fields.read("privilege", |fields| privilege(fields, &asked.privilege));
    let p_number = fields.read("p_number", |fields| p_number(fields, &asked.p_number));
    Some(Question {
        delegator: delegator?,
        representative: representative?,
        privilege: privilege?,
        p_number: p_number?,
    })
}

/// The questions of a batch: 1 to [`MAX_ITEMS`], in order.
pub fn questions(fields: &mut Violations, items: Vec<v1::BatchCheckItem>) -> Option<Vec<Question>> {
    if items.is_empty() || items.len() > MAX_ITEMS {
        return fields.refuse("ITEMS_COUNT", format!("1 to {MAX_ITEMS} items"));
    }
    fields.each(items, question)
}

/// Two different identifiers may still be of one party; that is seen in the store, and answered with no.
fn another_than(
    fields: &mut Violations,
    delegator: Option<&Identifier>,
    representative: Identifier,
) -> Option<Identifier> {
    if delegator == Some(&representative) {
        return fields.refuse("DELEGATOR_IS_REPRESENTATIVE", "must be another party than the delegator");
    }
    Some(representative)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rpc::from_proto::testing::{at, read, refused, tells_nothing};

    fn cpr(text: &str) -> Option<v1::Identifier> {
        Some(v1::Identifier { value: Some(v1::identifier::Value::CprNumber(text.to_owned())) })
    }

    fn item(delegator: &str, representative: &str, privilege: &str) -> v1::BatchCheckItem {
        v1::BatchCheckItem {
            delegator: cpr(delegator),
            representative: cpr(representative),
            privilege: privilege.to_owned(),
            p_number: String::new(),
        }
    }

    #[test]
    fn a_question_names_two_parties_and_a_privilege() {
        let asked = item("0501792275", "2512489996", "urn:dk:a");
        let plain = read(|fields| question(fields, asked.clone())).unwrap();
        assert_eq!(plain.delegator.expose(), "0501792275");
        assert_eq!(plain.representative.expose(), "2512489996");
        assert_eq!((plain.privilege.as_str(), plain.p_number), ("urn:dk:a", None));
        let at_a_unit = v1::BatchCheckItem { p_number: "1003366844".to_owned(), ..asked };
        let at_a_unit = read(|fields| question(fields, at_a_unit)).unwrap();
        assert_eq!(at_a_unit.p_number.unwrap().expose(), "1003366844");
    }

    #[test]
    fn everything_wrong_with_a_question_is_told() {
        let wrong = v1::BatchCheckItem {
            delegator: cpr("1"),
            p_number: "7".to_owned(),
            ..v1::BatchCheckItem::default()
        };
        let found = read(|fields| question(fields, wrong)).unwrap_err();
        assert_eq!(
            found,
            [
                at("field.delegator.cpr_number", "CPR_MALFORMED"),
                at("field.representative", "REQUIRED"),
                at("field.privilege", "REQUIRED"),
                at("field.p_number", "P_NUMBER_MALFORMED")
            ]
        );
    }

    #[test]
    fn nobody_is_their_own_representative_however_the_number_is_written() {
        let same = refused(|fields| question(fields, item("0501792275", "050179-2275", "urn:dk:a")));
        assert_eq!(same, at("field.representative", "DELEGATOR_IS_REPRESENTATIVE"));
    }

    #[test]
    fn a_batch_has_from_one_to_a_thousand_questions_and_names_the_wrong_ones() {
        let good = || item("0501792275", "2512489996", "urn:dk:a");
        assert_eq!(refused(|fields| questions(fields, vec![])), at("field", "ITEMS_COUNT"));
        assert_eq!(refused(|fields| questions(fields, vec![good(); 1001])), at("field", "ITEMS_COUNT"));
        assert_eq!(read(|fields| questions(fields, vec![good(); 1000])).unwrap().len(), 1000);
        let batch = vec![good(), good(), good(), item("3113792275", "2512489996", "urn:dk:a")];
        assert_eq!(
            refused(|fields| questions(fields, batch)),
            at("field[3].delegator.cpr_number", "CPR_DATE_INVALID")
        );
    }

    proptest! {
        #[test]
        fn no_text_is_told_to_anybody(a in "[0-9]{0,12}", b in "[0-3][0-9]0[1-9][0-9]{6}", uri in "\\PC{0,20}") {
            for text in [&a, &b, &uri] {
                tells_nothing(text, |fields| questions(fields, vec![item(&a, &b, &uri), item(&b, &b, &uri)]));
            }
        }
    }
}
