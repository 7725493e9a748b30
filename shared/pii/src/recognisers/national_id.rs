//! National, tax, health and company numbers of persons.
//!
//! A region a file, a country's number a line: rule, shapes, check, the topics of its label. Where one check digit is all
//! that a form says, it takes a label or words about it, or a text that is nothing but the number.

mod americas;
mod asia;
mod britain;
mod east;
mod german;
mod iberia;
mod nordic;
mod plate;
mod south;
mod west;

use super::Recogniser;
use crate::schemes::{Scheme, Schemes};
use crate::topics::Topics;
use crate::{Doc, Finding, Kind, Kinds};

pub(super) const TABLES: &[&[Scheme]] = &[
    americas::SCHEMES,
    asia::SCHEMES,
    britain::SCHEMES,
    east::SCHEMES,
    german::SCHEMES,
    iberia::SCHEMES,
    nordic::SCHEMES,
    south::SCHEMES,
    west::SCHEMES,
];

/// What a label of such a number is about; a vehicle's plate tells its holder.
const LABELS: Topics = Topics::NATIONAL
    .with(Topics::TAX)
    .with(Topics::SSN)
    .with(Topics::HEALTH)
    .with(Topics::MEMBER)
    .with(Topics::VEHICLE);

struct NationalId(Schemes);

pub(super) fn recogniser() -> Box<dyn Recogniser> {
    Box::new(NationalId(Schemes::new(TABLES)))
}

impl Recogniser for NationalId {
    fn kinds(&self) -> Kinds {
        Kinds::of(&[Kind::NationalId])
    }

    fn find(&self, doc: &Doc<'_>, findings: &mut Vec<Finding>) {
        self.0.find(doc, findings);
        for value in doc.labelled().iter().filter(|value| value.label.meets(LABELS)) {
            let (start, end, score) = (value.start, value.end, value.score);
            findings.push(Finding { kind: Kind::NationalId, start, end, score, rule: "id.label" });
        }
        plate::find(doc, findings);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scratch;

    /// Numbers that the issuers' own pages, standards and specimen cards show.
    const SHOWN: &[(&str, &str)] = &[
        ("id.us.itin", "912-70-1234"),
        ("id.us.npi", "1234567893"),
        ("id.us.mbi", "1EG4-TE5-MK73"),
        ("id.us.dea", "AB1234563"),
        ("id.ca.sin", "130 692 544"),
        ("id.br.cpf", "390.533.447-05"),
        ("id.br.cnpj", "16.727.230/0001-97"),
        ("id.br.cnpj", "12.ABC.345/01DE-35"),
        ("id.br.pis", "120.56874.10-7"),
        ("id.mx.curp", "BOXW310820HNERXN09"),
        ("id.mx.rfc", "GODE561231GR8"),
        ("id.ar.cuit", "20-05536168-2"),
        ("id.cl.rut", "12.531.909-2"),
        ("id.pe.ruc", "20512333797"),
        ("id.ec.cedula", "171430710-3"),
        ("id.do.cedula", "224-0002211-1"),
        ("id.in.aadhaar", "2341 2341 2346"),
        ("id.in.pan", "ACUPA7085R"),
        ("id.in.gstin", "27AAPFU0939F1ZV"),
        ("id.cn.resident", "11010519491231002X"),
        ("id.kr.resident", "960121-1021413"),
        ("id.kr.business", "116-82-00276"),
        ("id.tw.citizen", "A123456789"),
        ("id.hk.card", "G123456(A)"),
        ("id.sg.nric", "S1234567D"),
        ("id.sg.entity", "201434292D"),
        ("id.th.citizen", "1-2345-45678-78-1"),
        ("id.tr.identity", "17291716060"),
        ("id.tr.tax", "4540536920"),
        ("id.il.identity", "039337423"),
        ("id.gb.nino", "AB 12 34 56 C"),
        ("id.gb.nhs", "943 476 5870"),
        ("id.gb.utr", "1955839661"),
        ("id.gb.vat", "GB980780684"),
        ("id.ie.pps", "6433435F"),
        ("id.ie.pps", "6433435OA"),
        ("id.de.tax", "36 574 261 809"),
        ("id.de.pension", "15070649C103"),
        ("id.de.health", "A123456780"),
        ("id.de.card", "L01X00T471"),
        ("id.de.vat", "DE136695976"),
        ("id.at.insurance", "1237 010180"),
        ("id.at.vat", "ATU13585627"),
        ("id.ch.ahv", "756.9217.0769.85"),
        ("id.ch.uid", "CHE-100.155.212"),
        ("id.es.dni", "54362315K"),
        ("id.es.nie", "X2482300W"),
        ("id.es.cif", "A13585625"),
        ("id.pt.nif", "501964843"),
        ("id.pt.citizen", "000000000ZZ4"),
        ("id.fr.nir", "2 95 10 99 126 111 93"),
        ("id.fr.tax", "30 23 217 600 053"),
        ("id.fr.siren", "552 008 443"),
        ("id.fr.vat", "FR40303265045"),
        ("id.be.register", "85.07.30-033.28"),
        ("id.be.vat", "BE0428759497"),
        ("id.nl.bsn", "111222333"),
        ("id.nl.vat", "NL004495445B01"),
        ("id.lu.register", "1893120105732"),
        ("id.it.fiscal", "RCCMNL83S18D969H"),
        ("id.it.vat", "00743110157"),
        ("id.se.person", "880320-0016"),
        ("id.se.company", "123456-7897"),
        ("id.no.person", "151086 95088"),
        ("id.no.company", "988 077 917"),
        ("id.dk.person", "211062-5629"),
        ("id.fi.person", "131052-308T"),
        ("id.fi.person", "131052A308T"),
        ("id.fi.company", "2077474-0"),
        ("id.is.person", "120174-3399"),
        ("id.pl.pesel", "44051401359"),
        ("id.pl.nip", "856-734-62-15"),
        ("id.pl.regon", "192598184"),
        ("id.pl.card", "ABA300000"),
        ("id.cz.birth", "710319/2745"),
        ("id.cz.company", "25123891"),
        ("id.baltic.person", "36805280109"),
        ("id.baltic.person", "33309240064"),
        ("id.lv.person", "161175-19997"),
        ("id.ro.cnp", "1630615123457"),
        ("id.bg.egn", "7523169263"),
        ("id.hu.tax", "8071592153"),
        ("id.hr.oib", "33392005961"),
        ("id.yu.jmbg", "0101006500006"),
        ("id.gr.afm", "094259216"),
        ("id.gr.amka", "01013099997"),
        ("id.ru.inn", "500100732259"),
        ("id.ru.snils", "112-233-445 95"),
        ("id.ua.tax", "1759013776"),
        ("id.za.identity", "7503305044089"),
        ("id.au.tfn", "123 456 782"),
        ("id.au.abn", "83 914 571 673"),
        ("id.au.acn", "004 085 616"),
        ("id.nz.ird", "49-091-850"),
    ];

    fn rules(text: &str) -> Vec<(&'static str, usize)> {
        // Every scheme alone, so that none hides behind another.
        let mut scratch = Scratch::default();
        let doc = Doc::read(text, false, &mut scratch);
        let mut seen = Vec::new();
        for scheme in TABLES.iter().copied().flatten() {
            let mut findings = Vec::new();
            Schemes::new(&[std::slice::from_ref(scheme)]).find(&doc, &mut findings);
            seen.extend(findings.iter().map(|found| (found.rule, found.len())));
        }
        seen
    }

    #[test]
    fn numbers_that_issuers_show_are_seen_by_their_rule() {
        let missed: Vec<_> = SHOWN
            .iter()
            .filter(|(rule, number)| {
                let whole = number.trim_end_matches(')').len();
                !rules(number).contains(&(*rule, whole))
            })
            .collect();
        assert!(missed.is_empty(), "{missed:?}");
    }

    #[test]
    fn a_slip_in_the_last_digit_is_seen_where_there_is_a_sum() {
        let unsummed = [
            "id.us.itin",
            "id.us.mbi",
            "id.mx.curp",
            "id.mx.rfc",
            "id.in.pan",
            "id.in.gstin",
            "id.gb.nino",
            "id.ch.ahv",
            "id.fr.nir",
            "id.be.register",
            "id.se.person",
            "id.no.person",
            "id.dk.person",
            "id.kr.resident",
            "id.br.cpf",
            "id.nl.vat",
            "id.pt.citizen",
            "id.th.citizen",
            "id.it.fiscal",
            "id.sg.nric",
            "id.is.person",
        ];
        for (rule, number) in SHOWN.iter().filter(|(rule, _)| !unsummed.contains(rule)) {
            let Some(last) = number.rfind(|c: char| c.is_ascii_digit()) else { continue };
            let mut slips = 0;
            for digit in '0'..='9' {
                let slip = format!("{}{digit}{}", &number[..last], &number[last + 1..]);
                slips += usize::from(rules(&slip).iter().any(|(seen, _)| seen == rule));
            }
            assert!((1..=2).contains(&slips), "{rule}: {slips} of ten");
        }
    }
}
