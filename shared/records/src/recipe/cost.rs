use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::tokens::Tokens;

use super::MOST_DEADLINE_HOURS;

/// The model to tune.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// The base model's id at the provider. There is no default: base models are shut down with months of notice.
    pub base: String,
    /// Passes over the training file; by the number of examples if left out, see [`Self::epochs`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epochs: Option<u32>,
    /// A base model that is shut down in fewer days than this is refused.
    pub min_life_days: u32,
    /// The job is given up after this many hours.
    pub deadline_hours: u32,
    /// Examples a step; the provider's own choice where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_size: Option<u32>,
    /// Scales the provider's learning rate; its own choice where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub learning_rate_multiplier: Option<f64>,
    /// Makes training repeatable where the provider can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u32>,
}

impl Model {
    /// Returns how often so many training examples are passed over.
    ///
    /// Where the recipe does not say: three times, few examples more often, many less, as the published notebook
    /// expects providers to choose. The number is sent with the job, so that it is what was priced.
    pub fn epochs(&self, examples: u64) -> u32 {
        let examples = examples.max(1);
        let chosen = match 3 * examples {
            ..100 => (100 / examples).min(25),
            100..=25_000 => 3,
            _ => (25_000 / examples).max(1),
        };
        self.epochs.unwrap_or(u32::try_from(chosen).unwrap_or(1))
    }

    pub(super) fn check(&self) -> Result<(), String> {
        let visible = self.base.chars().all(|c| !c.is_whitespace() && !c.is_control());
        if !visible || !(1..=200).contains(&self.base.chars().count()) {
            return Err(
                "model.base: name a model that the provider can tune, in 1 to 200 characters without spaces"
                    .to_owned(),
            );
        }
        if self.epochs.is_some_and(|epochs| !(1..=50).contains(&epochs)) {
            return Err("model.epochs: use 1 to 50, or leave it out".to_owned());
        }
        if !(1..=MOST_DEADLINE_HOURS).contains(&self.deadline_hours) {
            return Err(format!("model.deadline_hours: use 1 to {MOST_DEADLINE_HOURS}"));
        }
        if self.batch_size.is_some_and(|size| !(1..=256).contains(&size)) {
            return Err("model.batch_size: use 1 to 256".to_owned());
        }
        if self.learning_rate_multiplier.is_some_and(|rate| !(rate > 0.0 && rate.is_finite())) {
            return Err("model.learning_rate_multiplier: use a number above 0".to_owned());
        }
        if self.seed.is_some_and(|seed| seed > 2_147_483_647) {
            return Err("model.seed: use at most 2147483647".to_owned());
        }
        Ok(())
    }
}

/// What a run may cost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// The provider's price of a million trained tokens, in US dollars.
    pub usd_per_million_tokens: PerMillion,
    /// A run that may cost more US dollars than this waits for an operator.
    pub max_usd: f64,
    /// A run that may cost more US dollars than this is refused; nobody can approve it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refuse_above_usd: Option<f64>,
}

/// A price of a million trained tokens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum PerMillion {
    /// Of whatever base model the recipe names.
    Any(f64),
    /// By base model, so that another base cannot be trained at the old one's price.
    ByBase(BTreeMap<String, f64>),
}

impl PerMillion {
    fn of(&self, base: &str) -> Option<f64> {
        match self {
            Self::Any(usd) => Some(*usd),
            Self::ByBase(prices) => prices.get(base).copied(),
        }
    }
}

/// What a training job may be billed: providers count tokens by formats of their own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Bill {
    /// Passes over the training file.
    pub epochs: u32,
    /// Tokens of the training file, times epochs.
    pub tokens: Tokens,
    /// US dollars for the fewest of them.
    pub least_usd: f64,
    /// US dollars as they are commonly counted.
    pub usd: f64,
    /// US dollars for the most.
    pub most_usd: f64,
}

impl Price {
    /// Returns the price of that many billed tokens of a base model, in whole cents.
    pub fn usd(&self, base: &str, tokens: u64) -> f64 {
        let per_million = self.usd_per_million_tokens.of(base).unwrap_or_default();
        // Tokens stay far below 2^52, where every whole number is exact.
        #[expect(clippy::cast_precision_loss, reason = "a price is rounded to cents anyway")]
        let usd = tokens as f64 / 1e6 * per_million;
        (usd * 100.0).round() / 100.0
    }

    pub(super) fn check(&self, base: &str) -> Result<(), String> {
        let Some(usd) = self.usd_per_million_tokens.of(base) else {
            return Err(format!("price.usd_per_million_tokens: there is no price for {base:?}: add it"));
        };
        let all = match &self.usd_per_million_tokens {
            PerMillion::Any(_) => vec![usd],
            PerMillion::ByBase(prices) => prices.values().copied().collect(),
        };
        // Not a number is neither.
        if !(all.iter().all(|usd| *usd >= 0.0) && self.max_usd > 0.0) {
            return Err("price: usd_per_million_tokens must be at least 0 and max_usd above 0".to_owned());
        }
        if self.refuse_above_usd.is_some_and(|usd| !(usd.is_finite() && usd >= self.max_usd)) {
            return Err("price.refuse_above_usd: use at least price.max_usd, or leave it out".to_owned());
        }
        Ok(())
    }
}

impl super::Recipe {
    /// Returns what a training file of so many examples and tokens is billed.
    pub fn bill(&self, examples: u64, tokens: Tokens) -> Bill {
        let epochs = self.model.epochs(examples);
        let times = u64::from(epochs);
        let tokens = Tokens {
            least: tokens.least * times,
            counted: tokens.counted * times,
            most: tokens.most * times,
        };
        let usd = |tokens| self.price.usd(&self.model.base, tokens);
        Bill {
            epochs,
            tokens,
            least_usd: usd(tokens.least),
            usd: usd(tokens.counted),
            most_usd: usd(tokens.most),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(epochs: Option<u32>) -> Model {
        Model {
            base: "b".to_owned(),
            epochs,
            min_life_days: 1,
            deadline_hours: 1,
            batch_size: None,
            learning_rate_multiplier: None,
            seed: None,
        }
    }

    #[test]
    fn refuses_what_no_provider_takes() {
        let good = Model { learning_rate_multiplier: Some(0.5), seed: Some(7), ..model(Some(3)) };
        assert_eq!(good.check(), Ok(()));
        for wrong in [
            model(Some(51)),
            Model { batch_size: Some(0), ..model(None) },
            Model { learning_rate_multiplier: Some(0.0), ..model(None) },
            Model { learning_rate_multiplier: Some(f64::NAN), ..model(None) },
            Model { seed: Some(1 << 31), ..model(None) },
        ] {
            assert!(wrong.check().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn prices_are_in_whole_cents() {
        let price =
            Price { usd_per_million_tokens: PerMillion::Any(0.4), max_usd: 1.0, refuse_above_usd: None };
        assert!((price.usd("b", 1_234_567) - 0.49).abs() < 1e-9);
    }

    #[test]
    fn a_table_has_a_price_for_the_base_or_the_recipe_is_refused() {
        let table = "max_usd = 1.0\nusd_per_million_tokens = { \"small\" = 0.4, \"org/large\" = 3 }";
        let price: Price = toml::from_str(table).unwrap();
        assert!((price.usd("org/large", 1_000_000) - 3.0).abs() < 1e-9);
        assert!(price.check("small").is_ok());
        let error = price.check("other").unwrap_err();
        assert!(error.contains("price.usd_per_million_tokens") && error.contains("\"other\""), "{error}");
        let below = Price { usd_per_million_tokens: PerMillion::Any(f64::NAN), ..price };
        assert!(below.check("b").is_err());
    }

    #[test]
    fn the_hard_limit_is_not_below_what_may_be_approved() {
        let price = |limit: f64| Price {
            usd_per_million_tokens: PerMillion::Any(1.0),
            max_usd: 2.0,
            refuse_above_usd: Some(limit),
        };
        assert!(price(2.0).check("b").is_ok());
        for wrong in [1.9, f64::NAN, f64::INFINITY] {
            assert!(price(wrong).check("b").unwrap_err().contains("refuse_above_usd"), "{wrong}");
        }
    }

    /// The published notebook's: 3 passes, at least 100 examples seen by 25 passes at most, 25,000 at most.
    #[test]
    fn epochs_follow_the_number_of_examples_unless_the_recipe_says() {
        for (examples, epochs) in [
            (1, 25),
            (4, 25),
            (5, 20),
            (10, 10),
            (33, 3),
            (34, 3),
            (8_333, 3),
            (8_334, 2),
            (12_501, 1),
            (90_000, 1),
        ] {
            assert_eq!(model(None).epochs(examples), epochs, "{examples} examples");
        }
        assert_eq!(model(Some(7)).epochs(1), 7);
    }
}
