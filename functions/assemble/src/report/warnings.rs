use records::split::SideName;
use stage::manifest::Manifest;
use stage::plan_file::PlanFile;
use stage::words::{number, percent, share, usd};

/// Fewer training examples than these seldom change a model: providers say so.
const FEW: u64 = 50;

/// Returns what a person should look at first.
pub(super) fn of(manifest: &Manifest, plan: &PlanFile) -> Vec<String> {
    let counts = &manifest.counts;
    let mut warnings = Vec::new();
    let train = manifest.lines(SideName::Train);
    if train < FEW {
        warnings.push(format!("{train} training examples are few: a model seldom changes below {FEW}."));
    }
    for side in [SideName::Validation, SideName::Holdout] {
        if manifest.lines(side) == 0 {
            warnings.push(format!("There is no example on the {} side.", side.as_str()));
        }
        for (source, sides) in &manifest.sides {
            if manifest.lines(side) > 0 && !sides.contains_key(side.as_str()) {
                warnings.push(format!("{source} has no example on the {} side.", side.as_str()));
            }
        }
    }
    let of = |part: u64, whole: u64, most: f64| whole > 0 && share(part, whole) > most;
    if of(counts.quarantined, counts.rows, 0.2) {
        warnings.push(format!(
            "{} of the exported rows were quarantined: look at the reasons below.",
            percent(share(counts.quarantined, counts.rows))
        ));
    }
    let repeated = counts.duplicates + counts.near_duplicates;
    if of(repeated, counts.examples, 0.3) {
        warnings.push(format!(
            "{} of the examples repeat an earlier one.",
            percent(share(repeated, counts.examples))
        ));
    }
    let all: u64 = manifest.outputs.values().map(|side| side.lines).sum();
    let shared = manifest.boilerplate.most_shared.first().map_or(0, |passage| passage.examples);
    if of(shared, all, 0.1) {
        warnings.push(format!(
            "One sentence stands in {} of the examples: look at what is shared below.",
            percent(share(shared, all))
        ));
    }
    if counts.withdrawn > 0 {
        warnings.push(format!(
            "{} examples were taken out because consent was withdrawn, or their row deleted, while the run was under way.",
            number(counts.withdrawn)
        ));
    }
    if counts.too_long + counts.cut > 0 {
        warnings.push(format!(
            "{} examples were too long and left out, {} were cut.",
            number(counts.too_long),
            number(counts.cut)
        ));
    }
    for (kind, recall) in manifest.recall.iter().filter(|(_, it)| it.floor.is_none() && it.lower_bound < 0.5)
    {
        warnings.push(format!(
            "Of planted {kind} pieces at least {} were found, and the recipe sets no floor.",
            percent(recall.lower_bound)
        ));
    }
    if let Some(pinned) = manifest.pinned.as_ref().filter(|pinned| pinned.kept < pinned.object.lines) {
        warnings.push(format!(
            "Of the pinned hold-out {} of {} examples are left: the others may not be used any more, or hold personal data that an earlier scrubber did not know.",
            number(pinned.kept),
            number(pinned.object.lines)
        ));
    }
    let bill = manifest.bill.unwrap_or_default();
    let allowed = plan.recipe.price.max_usd;
    if bill.most_usd > allowed {
        warnings.push(format!("Training may cost more than {}: an operator must approve it.", usd(allowed)));
    } else if bill.most_usd > 0.8 * allowed {
        warnings.push(format!("Training may take most of the {} allowed without asking.", usd(allowed)));
    }
    if let Some(date) = plan.base_shutdown_date {
        warnings.push(format!("The base model is shut down on {date}, and what is tuned from it with it."));
    }
    warnings
}
