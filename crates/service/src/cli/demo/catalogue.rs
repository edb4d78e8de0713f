//! The privileges of the demo catalogue that the story is about: the tax authority's.

/// To see the annual tax statement. A name with a letter outside ASCII, as they exist.
pub(super) const TAX_STATEMENT: &str = "urn:dk:skat:årsopgørelse:se";
/// To change the advance tax assessment.
pub(super) const TAX_ASSESSMENT: &str = "urn:dk:skat:forskudsopgoerelse:ret";
/// To see what is owed.
pub(super) const TAX_DEBT: &str = "urn:dk:skat:gaeld:se";
