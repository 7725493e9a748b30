//! How long base models last.

use jiff::civil::Date;

use crate::provider::BaseModel;

/// So many of them are named: a list of a hundred helps nobody.
const NAMED: usize = 8;

/// Returns the days until a day; below zero when it has passed.
pub fn days_left(day: Date, today: Date) -> i32 {
    day.since(today).map_or(i32::MIN, |span| span.get_days())
}

/// Names the models that the provider lists and that last for so many days more, those without an announced end first.
///
/// Which of them can be tuned no list says. Tuned ones are left out, by the names that `OpenAI`'s words give them.
pub fn alternatives(models: &[BaseModel], without: &str, today: Date, least_days: i32) -> Vec<String> {
    let lasts = |model: &&BaseModel| {
        let long = model.shutdown_date.is_none_or(|day| days_left(day, today) >= least_days);
        long && model.id != without && !model.id.starts_with("ft:") && !model.id.contains(":ft-")
    };
    let mut lasting: Vec<&BaseModel> = models.iter().filter(lasts).collect();
    lasting.sort_by_key(|model| (model.shutdown_date.is_some(), &model.id));
    let named = lasting.iter().take(NAMED).map(|model| match model.shutdown_date {
        Some(day) => format!("{} (until {day})", model.id),
        None => model.id.clone(),
    });
    named.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(id: &str, day: Option<&str>) -> BaseModel {
        BaseModel { id: id.to_owned(), shutdown_date: day.map(|day| day.parse().unwrap()) }
    }

    #[test]
    fn what_ends_too_soon_or_was_tuned_is_no_alternative() {
        let models = [
            model("b", Some("2027-06-01")),
            model("old", Some("2027-01-14")),
            model("ft:b:zion", None),
            model("c", None),
            model("this", None),
        ];
        let today = "2026-11-23".parse().unwrap();
        assert_eq!(alternatives(&models, "this", today, 90), ["c", "b (until 2027-06-01)"]);
        assert_eq!(days_left("2027-01-14".parse().unwrap(), today), 52);
        assert_eq!(days_left("2026-11-22".parse().unwrap(), today), -1);
    }
}
