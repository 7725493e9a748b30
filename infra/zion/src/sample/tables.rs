//! The sample's rows, table by table.

use rand::Rng as _;
use rand::seq::IndexedRandom as _;
use rand_chacha::ChaCha8Rng;

use super::copy::Rows;
use super::person::uuid;
use super::{Facts, GRAMMAR, Grammar, Planted, Sample, Stream, made_at};

const FIELDS: [&str; 8] =
    ["software", "data", "nursing", "logistics", "hospitality", "education", "sales", "finance"];

/// What happens to a row apart from its text.
struct Fate {
    /// The row whose text it has: its own, or, for an exact copy, that of an earlier one.
    text: u64,
    /// Some field is missing or blank: which one, of four.
    broken: Option<u8>,
    /// Line ends and symbols that editors leave behind.
    odd: Option<u8>,
}

impl Fate {
    fn of(sample: &Sample, stream: Stream, index: u64) -> Self {
        let mut random = sample.source(Stream::Fate, ((stream as u64) << 40) | index);
        let copy = index > 20 && random.random_ratio(3, 100);
        Self {
            text: if copy { index - random.random_range(1..=20) } else { index },
            broken: random.random_ratio(2, 100).then(|| random.random_range(0..4)),
            odd: random.random_ratio(3, 100).then(|| random.random_range(0..3)),
        }
    }

    fn dress(&self, text: String) -> String {
        match self.odd {
            Some(0) => text.replace('\n', "\r\n"),
            Some(1) => text + " 🙂",
            Some(2) => text + "\n(see C:\\temp\\final \"v2\".pdf\t)",
            _ => text,
        }
    }

    /// The text, or what is left of it in a broken row.
    fn cell<'a>(&self, which: u8, text: &'a str) -> Option<&'a str> {
        match self.broken {
            Some(broken) if broken == which => None,
            Some(3) if which == 1 => Some("   "),
            _ => Some(text),
        }
    }
}

pub(super) fn profiles(sample: &Sample, rows: &mut Rows) {
    for index in 0..sample.profiles {
        let person = sample.person(index);
        let made = made_at(index).to_string();
        rows.text(&person.id).text(&person.name).text(&person.email).text(&person.phone);
        rows.text(if person.opted_out { "t" } else { "f" }).text(&made).text(&made);
        if !rows.end() {
            return;
        }
    }
}

pub(super) fn job_posts(sample: &Sample, plant: bool, rows: &mut Rows) -> Planted {
    let grammar = &GRAMMAR.jobs;
    let mut planted = Planted::default();
    for index in 0..sample.job_posts {
        let fate = Fate::of(sample, Stream::JobPosts, index);
        let random = &mut sample.source(Stream::JobPosts, fate.text);
        let owner = sample.person(random.random_range(0..sample.profiles));
        let mut facts = work(grammar, random);
        mention(&mut facts, sample, random);
        facts.set("lead_name", sample.other(random).name);
        facts.set("marker", &*owner.marker);
        let title = grammar.text("title", &mut facts, random);
        let mut body = String::with_capacity(1200);
        for section in ["opening", "about", "lead.tasks", "lead.needs", "benefits", "colleague"] {
            grammar.write(section, &mut facts, random, &mut body);
            body.push_str(if section == "lead.tasks" || random.random_ratio(2, 3) { "\n\n" } else { " " });
        }
        grammar.write("contact", &mut facts, random, &mut body);
        if owner.opted_out {
            body.push(' ');
            grammar.write("advert.marker", &mut facts, random, &mut body);
        }
        if plant {
            planted.note(&facts);
        }
        let salary: u32 = random.random_range(22..90) * 1000;
        let (low, high) =
            (format!("{salary}.00"), format!("{}.50", salary + random.random_range(2..20) * 1000));
        let skills = skills(&facts);
        let made = made_at(index).to_string();
        rows.text(&owner.id).cell(fate.cell(0, &title)).cell(fate.cell(1, &fate.dress(body)));
        rows.cell(facts.get("city")).text(&low).text(&high).text(if random.random() { "EUR" } else { "USD" });
        rows.list(fate.cell(2, "").map(|_| &*skills));
        rows.text(
            [
                "published",
                "published",
                "published",
                "published",
                "published",
                "published",
                "published",
                "published",
                "closed",
                "draft",
            ]
            .choose(random)
            .unwrap_or(&"draft"),
        )
        .text(&made)
        .text(&made);
        if !rows.end() {
            break;
        }
    }
    planted
}

pub(super) fn resumes(sample: &Sample, plant: bool, rows: &mut Rows) -> Planted {
    let grammar = &GRAMMAR.resumes;
    let mut planted = Planted::default();
    for index in 0..sample.resumes {
        let fate = Fate::of(sample, Stream::Resumes, index);
        let random = &mut sample.source(Stream::Resumes, fate.text);
        let person = sample.person(random.random_range(0..sample.profiles));
        let mut facts = work(grammar, random);
        mention(&mut facts, sample, random);
        facts.set("name", &*person.name);
        facts.set("email", &*person.email);
        facts.set("phone", &*person.phone);
        facts.set("address", &*person.address);
        facts.set("marker", &*person.marker);
        facts.set("manager", sample.other(random).name);
        let mut summary = String::with_capacity(500);
        if random.random_ratio(1, 3) {
            grammar.write("header", &mut facts, random, &mut summary);
        }
        grammar.write("summary.first", &mut facts, random, &mut summary);
        for section in ["summary.second", "summary.third"] {
            summary.push(' ');
            grammar.write(section, &mut facts, random, &mut summary);
        }
        if person.opted_out {
            summary.push(' ');
            grammar.write("marker.line", &mut facts, random, &mut summary);
        }
        let mut experience = String::with_capacity(1200);
        // Each station has its own role and company.
        let mut station = Facts::about(facts.field());
        station.set("manager", facts.get("manager").unwrap_or_default());
        let stations = random.random_range(1..4);
        grammar.write_some(("job", stations, "\n\n"), &mut station, random, &mut experience);
        grammar.write("education", &mut facts, random, &mut experience);
        experience.push('\n');
        grammar.write("references", &mut facts, random, &mut experience);
        if plant {
            planted.note(&facts);
            planted.note(&station);
        }
        let skills = skills(&facts);
        let made = made_at(index).to_string();
        let id = uuid(&mut sample.source(Stream::Fate, (99 << 40) | index));
        rows.text(&id).text(&person.id).cell(fate.cell(1, &fate.dress(summary)));
        rows.list(fate.cell(0, "").map(|_| &*skills)).cell(fate.cell(2, &experience)).text(&made).text(&made);
        if !rows.end() {
            break;
        }
    }
    planted
}

pub(super) fn support_logs(sample: &Sample, plant: bool, rows: &mut Rows) -> Planted {
    let grammar = &GRAMMAR.support;
    let mut planted = Planted::default();
    for index in 0..sample.support_logs {
        let fate = Fate::of(sample, Stream::SupportLogs, index);
        let random = &mut sample.source(Stream::SupportLogs, fate.text);
        let person = sample.person(random.random_range(0..sample.profiles));
        let agent = sample.agent(random);
        // A guest has no profile; whoever opted out did so here too; old rows were never asked.
        let guest = random.random_ratio(1, 10);
        let unasked = random.random_ratio(4, 100);
        let opted_out = !guest && person.opted_out;
        let mut facts = Facts::about(FIELDS.choose(random).copied().unwrap_or_default());
        let role = grammar.text("field.role", &mut facts, random);
        facts.set("role", role);
        mention(&mut facts, sample, random);
        for (name, value) in [
            ("name", person.name),
            ("first", person.first),
            ("email", person.email),
            ("phone", person.phone),
            ("address", person.address),
            ("agent_first", agent.first),
            ("agent", agent.name),
            ("agent_phone", agent.phone),
            ("marker", format!("{}-{}", person.marker, fate.text)),
        ] {
            facts.set(name, value);
        }
        let topic = grammar.text("topic", &mut facts, random);
        let mut question = String::with_capacity(500);
        grammar.write("greeting", &mut facts, random, &mut question);
        let place = random.random_range(0..3);
        grammar.write_at((&format!("{topic}.ask"), place), &mut facts, random, &mut question);
        question.push(' ');
        let details = random.random_range(1..3);
        grammar.write_some(("detail", details, " "), &mut facts, random, &mut question);
        if opted_out || unasked {
            grammar.write("marker.line", &mut facts, random, &mut question);
        }
        question.push_str("\n\n");
        grammar.write("thanks", &mut facts, random, &mut question);
        let mut answer = String::with_capacity(500);
        grammar.write("reply.greeting", &mut facts, random, &mut answer);
        grammar.write("reply.opening", &mut facts, random, &mut answer);
        answer.push(' ');
        grammar.write_at((&format!("{topic}.reply"), place), &mut facts, random, &mut answer);
        answer.push(' ');
        grammar.write("reply.closing", &mut facts, random, &mut answer);
        answer.push('\n');
        grammar.write("sign", &mut facts, random, &mut answer);
        if plant {
            planted.note(&facts);
        }
        let made = made_at(index).to_string();
        rows.cell((!guest).then_some(&*person.id))
            .cell(fate.cell(0, &fate.dress(question)))
            .cell(fate.cell(1, &answer));
        rows.cell(if unasked { None } else { Some(if opted_out { "t" } else { "f" }) })
            .text(&made)
            .text(&made);
        if !rows.end() {
            break;
        }
    }
    planted
}

pub(super) fn seo_contents(sample: &Sample, rows: &mut Rows) {
    let grammar = &GRAMMAR.seo;
    for index in 0..sample.seo_contents {
        let fate = Fate::of(sample, Stream::SeoContents, index);
        let random = &mut sample.source(Stream::SeoContents, fate.text);
        let mut facts = Facts::default();
        for name in ["subject", "place"] {
            let value = grammar.text(name, &mut Facts::default(), random);
            facts.set(name, value);
        }
        let topic = grammar.text("topic", &mut facts, random);
        let keywords: Vec<String> =
            (0..random.random_range(2..5)).map(|_| grammar.text("keyword", &mut facts, random)).collect();
        let mut body = String::with_capacity(1600);
        let kind = *["blogPost", "serviceDescription", "faq"].choose(random).unwrap_or(&"faq");
        match kind {
            "blogPost" => {
                grammar.write("blog.opening", &mut facts, random, &mut body);
                for _ in 0..random.random_range(2..4) {
                    body.push_str("\n\n");
                    grammar.write("blog.heading", &mut facts, random, &mut body);
                    body.push_str("\n\n");
                    grammar.write_some(("blog.paragraph", 1, ""), &mut facts, random, &mut body);
                }
                body.push_str("\n\n");
                grammar.write("blog.closing", &mut facts, random, &mut body);
            }
            "serviceDescription" => {
                grammar.write("service.opening", &mut facts, random, &mut body);
                body.push_str("\n\n");
                grammar.write_some(("service.body", 3, "\n\n"), &mut facts, random, &mut body);
                grammar.write("service.closing", &mut facts, random, &mut body);
            }
            _ => {
                let count = random.random_range(3..6);
                grammar.write_some(("faq.question", count, "\n\n"), &mut facts, random, &mut body);
            }
        }
        let made = made_at(index).to_string();
        rows.text(kind).cell(fate.cell(0, &topic)).list(fate.cell(2, "").map(|_| &*keywords));
        rows.cell(fate.cell(1, &fate.dress(body)))
            .text(if random.random_ratio(9, 10) { "t" } else { "f" })
            .text(&made)
            .text(&made);
        if !rows.end() {
            break;
        }
    }
}

/// A line of work with a role, a company, a town and four different skills.
fn work(grammar: &Grammar, random: &mut ChaCha8Rng) -> Facts {
    let mut facts = Facts::about(FIELDS.choose(random).copied().unwrap_or_default());
    for name in ["company", "city"] {
        let value = grammar.text(name, &mut Facts::default(), random);
        facts.set(name, value);
    }
    let role = grammar.text("field.role", &mut facts, random);
    facts.set("role", role);
    let mut list = String::new();
    let section = format!("{}.skill", facts.field());
    grammar.write_some((&section, 4, "\n"), &mut Facts::default(), random, &mut list);
    for (name, skill) in ["skill1", "skill2", "skill3", "skill4"].into_iter().zip(list.lines()) {
        facts.set(name, skill);
    }
    facts
}

/// Somebody else whom the text may name.
fn mention(facts: &mut Facts, sample: &Sample, random: &mut ChaCha8Rng) {
    let other = sample.other(random);
    facts.set("other", other.name);
    facts.set("other_first", other.first);
    facts.set("other_email", other.email);
    facts.set("other_phone", other.phone);
    facts.set("other_address", other.address);
}

fn skills(facts: &Facts) -> Vec<String> {
    ["skill1", "skill2", "skill3", "skill4"]
        .iter()
        .filter_map(|name| facts.get(name).map(str::to_owned))
        .collect()
}
