//! What the operators are told: what ends, when, what stops then, and what to do.

use std::fmt::Write as _;

use jiff::civil::Date;
use stage::words::zion_retire;
use tuning::{BaseModel, alternatives, days_left};

use crate::Base;

/// SNS takes no longer subject, and only ASCII.
const LONGEST_SUBJECT: usize = 100;

fn subject(text: &str) -> String {
    text.chars().filter(|letter| (' '..='~').contains(letter)).take(LONGEST_SUBJECT).collect()
}

/// Subject and text about a base model of a provider that the stack has no way to any more.
pub(crate) fn lost(base: &Base<'_>) -> (String, String) {
    let (id, provider) = (base.id, &base.provider);
    let what = format!("Base model {id} cannot be looked up any more");
    let end = base.known_end().map_or_else(
        || "No end of it was announced as long as it was looked up".to_owned(),
        |day| format!("Its last known end is {day}"),
    );
    let mut text = format!(
        "{what}: it is at {provider}, and this stack is not deployed for that provider. {end}; nobody will be told of another.\n\nLive models that were tuned from it, and stop answering with it:\n"
    );
    for row in &base.live {
        writeln!(text, "- {} for {}", row.name, row.purpose).unwrap_or_default();
    }
    let retire = zion_retire("NAME");
    writeln!(
        text,
        "\nTrain them anew where the stack trains now, or look at that provider's announcements yourself. One that is not used any more: {retire}"
    )
    .unwrap_or_default();
    (subject(&what), text)
}

/// Subject and text.
pub(crate) fn of(base: &Base<'_>, day: Option<Date>, today: Date, others: &[BaseModel]) -> (String, String) {
    let (id, provider) = (base.id, &base.provider);
    let when = match day.map(|day| (day, days_left(day, today))) {
        None => "is not known to the provider any more".to_owned(),
        Some((day, left)) if left < 0 => format!("was shut down on {day}"),
        Some((day, left)) => format!("is shut down on {day}, {left} days from now"),
    };
    let subject = subject(&format!("Base model {id} {when}"));
    let mut text = format!("Base model {id} of {provider} {when}.\n");
    if !base.live.is_empty() {
        text.push_str("\nLive models that were tuned from it, and stop answering with it:\n");
        for row in &base.live {
            writeln!(text, "- {} for {}", row.name, row.purpose).unwrap_or_default();
        }
    }
    if !base.recipes.is_empty() {
        text.push_str("\nRecipes that train on it:\n");
        for recipe in &base.recipes {
            let least = recipe.model.min_life_days;
            let refused = day.is_none_or(|day| i64::from(days_left(day, today)) < i64::from(least));
            let note = if refused { "refused from now on" } else { "still trained" };
            writeln!(text, "- {}: {note} (min_life_days = {least})", recipe.name).unwrap_or_default();
        }
    }
    let least = base.recipes.iter().map(|recipe| recipe.model.min_life_days).max().unwrap_or(90);
    let named = alternatives(others, id, today, i32::try_from(least).unwrap_or(i32::MAX));
    let named = if named.is_empty() { "none that lasts".to_owned() } else { named.join(", ") };
    write!(
        text,
        "\nSet model.base of these recipes to a model that lasts, look at its price, and train before that day. The \
         provider lists: {named}. Which of them can be tuned, its documentation says.\n"
    )
    .unwrap_or_default();
    (subject, text)
}
