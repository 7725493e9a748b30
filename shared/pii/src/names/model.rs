//! The table: features with three weights of eight bits each, and the bands of names.
//!
//! ```text
//! "names 2\n"  lines: u32  names: u32  knots: u32  scale: f32  threshold: f32
//! lines × 4 × 4 × (check: u8, person: i8, organisation: i8, location: i8)
//! names × (bands: u16, check: u16): an open table of words
//! knots × (probability: f32, score: f32)
//! ```
//!
//! All numbers are little-endian. A weight is what speaks for a tag against [`Tag::Other`](super::features::Tag::Other);
//! a feature that is not in the table weighs nothing, and one in some hundred is taken for another.

/// What lists and texts know of a word.
///
/// How frequent it is as a forename and as a surname (0 unknown, 2 in some country, 3 rare … 7 most frequent), how
/// common as a word in lower case (0 never … 5 everywhere), and what else it names (0 nothing, 1 a part of a place … 4 a
/// metropolis, 8 a tool, 9 a company).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bands(u16);

impl Bands {
    /// Creates bands; each is at most 15.
    pub const fn new(forename: u8, surname: u8, common: u8, place: u8) -> Self {
        Self(
            (forename & 15) as u16
                | ((surname & 15) as u16) << 4
                | ((common & 15) as u16) << 8
                | ((place & 15) as u16) << 12,
        )
    }

    /// Returns how populous a place the word names, or what else it names.
    pub const fn place(self) -> u8 {
        (self.0 >> 12) as u8
    }

    /// Returns how frequent the word is as a forename.
    pub const fn forename(self) -> u8 {
        (self.0 & 15) as u8
    }

    /// Returns how frequent the word is as a surname.
    pub const fn surname(self) -> u8 {
        (self.0 >> 4 & 15) as u8
    }

    /// Returns how common the word is in lower case.
    pub const fn common(self) -> u8 {
        (self.0 >> 8 & 15) as u8
    }

    /// Returns all of them as one number.
    pub const fn number(self) -> u16 {
        self.0
    }

    /// Returns both bands of names as one number.
    pub const fn both(self) -> u8 {
        (self.0 & 255) as u8
    }
}

/// Four features that share their place.
type Bucket = [u32; 4];

/// Four places that share a line of the processor's cache.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(64))]
struct Line([Bucket; 4]);

/// A trained table.
#[derive(Debug, Clone, Default)]
pub struct Model {
    lines: Vec<Line>,
    /// Bands in the low half, what tells the word from others in the high one; never full.
    names: Vec<u32>,
    /// What a weight of one stands for.
    pub scale: f32,
    /// From which probability a token is part of a person's name.
    pub threshold: f32,
    /// Probability of a name → score of a finding, in order; between them, straight lines.
    pub knots: Vec<[f32; 2]>,
}

const HEAD: &[u8; 8] = b"names 2\n";

/// A file that is no model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a model of names")]
pub struct NoModel;

impl Model {
    /// Creates a table of 2^`bits` buckets, at least four, with the words' bands.
    pub fn new(bits: u32, mut names: Vec<(u64, Bands)>) -> Self {
        names.sort_unstable_by_key(|&(key, _)| key);
        names.dedup_by_key(|&mut (key, _)| key);
        let mut model = Self {
            lines: vec![Line::default(); 1 << bits.saturating_sub(2)],
            names: vec![0; (names.len() * 4 / 3 + 1).next_power_of_two()],
            scale: 1.0,
            threshold: 0.5,
            knots: Vec::new(),
        };
        for (key, bands) in names {
            if let Err(place) = model.find(key) {
                model.names[place] = name_check(key) | u32::from(bands.0);
            }
        }
        model
    }

    /// Puts a feature into the table; says whether there was room.
    pub fn put(&mut self, feature: u64, weights: [i8; 3]) -> bool {
        let [person, organisation, location] = weights.map(i8::cast_unsigned);
        let row = u32::from_le_bytes([check(feature), person, organisation, location]);
        let (line, place) = self.place(feature);
        let bucket = &mut self.lines[line].0[place];
        if bucket.iter().any(|&row| row.to_le_bytes()[0] == check(feature)) {
            return false;
        }
        let free = bucket.iter_mut().find(|row| **row == 0);
        free.map(|free| *free = row).is_some()
    }

    /// Adds a feature's weights to `sums`.
    #[inline]
    pub fn add(&self, feature: u64, sums: &mut [i32; 3]) {
        let check = u32::from(check(feature));
        let (line, place) = self.place(feature);
        let mut row = 0;
        for &other in &self.lines[line].0[place] {
            row |= if other & 255 == check { other } else { 0 };
        }
        let [_, person, organisation, location] = row.to_le_bytes().map(u8::cast_signed);
        sums[0] += i32::from(person);
        sums[1] += i32::from(organisation);
        sums[2] += i32::from(location);
    }

    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "the low bits are what is wanted")]
    fn place(&self, feature: u64) -> (usize, usize) {
        ((feature >> 2) as usize & (self.lines.len() - 1), feature as usize & 3)
    }

    /// Returns the bands of a word in lower case: as it is, or without apostrophes and accents.
    pub fn bands(&self, lower: &str, key: u64) -> Bands {
        match self.band(key) {
            Some(bands) => bands,
            None if lower.bytes().all(|byte| byte.is_ascii_alphanumeric()) => Bands::default(),
            None => self.band(crate::lexicon::key(&plain(lower))).unwrap_or_default(),
        }
    }

    /// Returns what stands where a word is looked for first: so that it is at hand when the word is.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "the low bits are what is wanted")]
    pub(super) fn glance(&self, key: u64) -> u32 {
        let last = self.names.len().saturating_sub(1);
        self.names.get(name_place(key) as usize & last).copied().unwrap_or(0)
    }

    fn band(&self, key: u64) -> Option<Bands> {
        let place = self.find(key).ok()?;
        #[expect(clippy::cast_possible_truncation, reason = "the low half is what is wanted")]
        self.names.get(place).map(|name| Bands(*name as u16))
    }

    /// Returns the place of a word among the names, or else the free one where it would stand.
    #[expect(clippy::cast_possible_truncation, reason = "the low bits are what is wanted")]
    fn find(&self, key: u64) -> Result<usize, usize> {
        let last = self.names.len().saturating_sub(1);
        let mut place = name_place(key) as usize & last;
        loop {
            match self.names.get(place) {
                None | Some(0) => return Err(place),
                Some(name) if name >> 16 == name_check(key) >> 16 => return Ok(place),
                Some(_) => place = (place + 1) & last,
            }
        }
    }

    /// Returns the score of a finding whose probability is `p`.
    pub fn score(&self, p: f32) -> f32 {
        let next = self.knots.partition_point(|knot| knot[0] <= p);
        match (next.checked_sub(1).map(|before| self.knots[before]), self.knots.get(next)) {
            (Some([x0, y0]), Some(&[x1, y1])) => y0 + (y1 - y0) * (p - x0) / (x1 - x0),
            (Some([_, y]), None) | (None, Some(&[_, y])) => y,
            (None, None) => p,
        }
    }

    /// Writes the file.
    #[expect(clippy::cast_possible_truncation, reason = "tables are far smaller than 4 GiB")]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = HEAD.to_vec();
        for count in [self.lines.len(), self.names.len(), self.knots.len()] {
            bytes.extend((count as u32).to_le_bytes());
        }
        bytes.extend(self.scale.to_le_bytes());
        bytes.extend(self.threshold.to_le_bytes());
        bytes.extend(self.lines.iter().flat_map(|line| line.0).flatten().flat_map(u32::to_le_bytes));
        bytes.extend(self.names.iter().flat_map(|name| name.to_le_bytes()));
        bytes.extend(self.knots.iter().flatten().flat_map(|number| number.to_le_bytes()));
        bytes
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`NoModel`] when it is none, or cut.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, NoModel> {
        let mut rest = bytes.strip_prefix(HEAD).ok_or(NoModel)?;
        let mut take = |count: usize| {
            let (taken, left) = rest.split_at_checked(count).ok_or(NoModel)?;
            rest = left;
            Ok(taken)
        };
        let word = |bytes: &[u8]| bytes.try_into().map(u32::from_le_bytes).map_err(|_| NoModel);
        let lines = word(take(4)?)? as usize;
        let names = word(take(4)?)? as usize;
        let knots = word(take(4)?)? as usize;
        let scale = f32::from_bits(word(take(4)?)?);
        let threshold = f32::from_bits(word(take(4)?)?);
        if !lines.is_power_of_two() || !names.is_power_of_two() || !scale.is_finite() {
            return Err(NoModel);
        }
        let words = |bytes: &[u8]| -> Result<Vec<u32>, NoModel> { bytes.chunks_exact(4).map(word).collect() };
        let mut table = vec![Line::default(); lines];
        let rows = take(64 * lines)?.chunks_exact(4).map(word);
        for (to, row) in table.iter_mut().flat_map(|line| &mut line.0).flatten().zip(rows) {
            *to = row?;
        }
        let names = words(take(4 * names)?)?;
        if !names.contains(&0) {
            return Err(NoModel);
        }
        Ok(Self {
            lines: table,
            names,
            scale,
            threshold,
            knots: words(take(8 * knots)?)?
                .chunks_exact(2)
                .map(|pair| [f32::from_bits(pair[0]), f32::from_bits(pair[1])])
                .collect(),
        })
    }
}

/// Tells a feature from others in its bucket; never 0, which is what an empty row says.
fn check(feature: u64) -> u8 {
    ((feature >> 56) as u8).max(1)
}

/// Where a word's place among the names is looked for first.
fn name_place(key: u64) -> u64 {
    key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32
}

/// Tells a word from others at its place, in the high half; never 0.
#[expect(clippy::cast_possible_truncation, reason = "the low half is what is wanted")]
fn name_check(key: u64) -> u32 {
    key.wrapping_mul(0x9e37_79b9_7f4a_7c15) as u32 & 0xffff_0000 | 1 << 31
}

/// Returns a word without apostrophes, and with plain letters for those of Latin scripts.
pub fn plain(lower: &str) -> String {
    lower.chars().filter(|&c| c != '\'' && !('\u{300}'..='\u{36f}').contains(&c)).map(plain_letter).collect()
}

fn plain_letter(c: char) -> char {
    match c {
        'à'..='å' | 'ā' | 'ă' | 'ą' => 'a',
        'ç' | 'ć' | 'č' | 'ĉ' | 'ċ' => 'c',
        'ď' | 'đ' => 'd',
        'è'..='ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' => 'e',
        'ğ' | 'ĝ' | 'ġ' | 'ģ' => 'g',
        'ì'..='ï' | 'ī' | 'ı' | 'į' => 'i',
        'ķ' => 'k',
        'ł' | 'ļ' | 'ľ' => 'l',
        'ñ' | 'ń' | 'ň' | 'ņ' => 'n',
        'ò'..='ö' | 'ø' | 'ō' | 'ő' => 'o',
        'ř' | 'ŕ' => 'r',
        'š' | 'ś' | 'ş' | 'ș' => 's',
        'ť' | 'ţ' | 'ț' => 't',
        'ù'..='ü' | 'ū' | 'ů' | 'ű' | 'ų' => 'u',
        'ý' | 'ÿ' => 'y',
        'ž' | 'ź' | 'ż' => 'z',
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_survives_its_file() {
        let key = crate::lexicon::key("oconnor");
        let mut model = Model::new(4, vec![(key, Bands::new(1, 6, 0, 2))]);
        assert!(model.put(77, [1, -2, 3]) && model.put(78, [4, 5, -6]));
        model.knots = vec![[0.2, 0.1], [0.4, 0.5], [1.0, 0.9]];
        let model = Model::from_bytes(&model.to_bytes()).unwrap();
        let mut sums = [0; 3];
        for feature in [77, 78, 79] {
            model.add(feature, &mut sums);
        }
        assert_eq!(sums, [5, 3, -3]);
        assert_eq!(model.bands("ó'connór", crate::lexicon::key("ó'connór")), Bands::new(1, 6, 0, 2));
        assert!((model.score(0.3) - 0.3).abs() < 1e-6 && model.score(0.0) < 0.11 && model.score(2.0) > 0.89);
        assert_eq!(Model::from_bytes(&model.to_bytes()[..90]).unwrap_err(), NoModel);
    }
}
