use std::fmt;

/// Why an example is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unfit {
    /// The completion is shorter than the recipe asks.
    Short,
    /// The completion is longer than the recipe allows.
    Long,
    /// The completion says what the prompt says.
    Echo,
    /// The completion is written in capitals.
    Capitals,
    /// The completion is in another language.
    Language,
    /// Tags and entities were left in the completion.
    Markup,
    /// A model declines, or speaks of itself.
    Refusal,
    /// Profanity.
    Profanity,
    /// A text holds a token that chat formats are built of.
    SpecialToken,
    /// A secret was found.
    Secret,
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Short => "quality: the completion is shorter than quality.min_letters",
            Self::Long => "quality: the completion is longer than quality.max_letters",
            Self::Echo => "quality: the completion repeats the prompt",
            Self::Capitals => "quality: the completion is in capitals, see quality.max_capitals",
            Self::Language => "quality: the completion is in none of quality.languages",
            Self::Markup => "quality: markup is left in the completion, see quality.max_markup",
            Self::Refusal => "quality: the completion is a model's refusal, see quality.keep",
            Self::Profanity => "quality: profanity, see quality.keep",
            Self::SpecialToken => "quality: a special token such as <|…|> stands in the text",
            Self::Secret => "quality: a secret was found, see quality.keep",
        })
    }
}
