//! The demo catalogue: a privilege for each system that borger.dk's "Mit Overblik" shows, and three of the tax
//! authority's for the story.

/// One system with its privileges.
pub(super) struct System {
    pub(super) id: &'static str,
    /// CVR number of its owner.
    pub(super) authority: &'static str,
    pub(super) title_da: &'static str,
    pub(super) title_en: &'static str,
    pub(super) privileges: &'static [Privilege],
}

/// One privilege: URI, and titles in Danish and English.
pub(super) type Privilege = (&'static str, &'static str, &'static str);

/// Skatteforvaltningen.
pub(super) const TAX: &str = "19552101";
/// Digitaliseringsstyrelsen.
const DIGITAL: &str = "34051178";
/// Stands for the other authorities, which answer for their own data.
const OTHERS: &str = "20921897";

/// To see the annual tax statement. A name with a letter outside ASCII, as they exist.
pub(super) const TAX_STATEMENT: &str = "urn:dk:skat:årsopgørelse:se";
/// To change the advance tax assessment.
pub(super) const TAX_ASSESSMENT: &str = "urn:dk:skat:forskudsopgoerelse:ret";
/// To see what is owed.
pub(super) const TAX_DEBT: &str = "urn:dk:skat:gaeld:se";

pub(super) const SYSTEMS: [System; 4] = [
    System {
        id: "skat-tastselv",
        authority: TAX,
        title_da: "TastSelv",
        title_en: "Tax self-service",
        privileges: &[
            (TAX_STATEMENT, "Se årsopgørelse", "See the annual tax statement"),
            (TAX_ASSESSMENT, "Ret forskudsopgørelse", "Change the advance tax assessment"),
            (TAX_DEBT, "Se gæld", "See debt"),
            ("urn:dk:skat:loen:se", "Se lønoplysninger", "See pay data"),
        ],
    },
    System {
        id: "cpr-oplysninger",
        authority: DIGITAL,
        title_da: "Mine CPR-oplysninger",
        title_en: "My CPR data",
        privileges: &[("urn:dk:digst:cpr:se", "Se CPR-oplysninger", "See CPR data")],
    },
    System {
        id: "bolig",
        authority: DIGITAL,
        title_da: "Min bolig",
        title_en: "My home",
        privileges: &[
            ("urn:dk:digst:bbr:se", "Se boligoplysninger (BBR)", "See building data (BBR)"),
            ("urn:dk:digst:adresse:se", "Se adresseregister", "See the address register"),
            ("urn:dk:digst:ejerfortegnelse:se", "Se ejerfortegnelse", "See the ownership register"),
        ],
    },
    System {
        id: "ydelser",
        authority: OTHERS,
        title_da: "Ydelser og sager",
        title_en: "Benefits and cases",
        privileges: &[
            ("urn:dk:atp:ydelser:se", "Se ydelser fra ATP", "See benefits from ATP"),
            (
                "urn:dk:udbetaling-danmark:gaeld:se",
                "Se gæld til Udbetaling Danmark",
                "See debt to Udbetaling Danmark",
            ),
            ("urn:dk:kommune:sager:se", "Se sager i kommunen", "See municipal cases"),
            ("urn:dk:ufst:su:se", "Se SU", "See study grants"),
            ("urn:dk:star:akasse:se", "Se oplysninger om a-kasse", "See unemployment insurance"),
            ("urn:dk:star:efterloen:se", "Se efterløn", "See early retirement pay"),
            ("urn:dk:star:dagpenge:se", "Se dagpenge", "See unemployment benefits"),
        ],
    },
];
