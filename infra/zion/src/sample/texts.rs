//! The sample's texts without a database: for benchmarks.

use super::copy::{self, Rows};
use super::{Sample, tables};

/// A shorter cell is an id, a date or a word.
const TEXT: usize = 60;

/// Every longer text of the sample's rows, table by table.
pub fn texts(sample: Sample) -> Vec<String> {
    let tables: [fn(&Sample, &mut Rows); 4] = [
        |sample, rows| drop(tables::job_posts(sample, false, rows)),
        |sample, rows| drop(tables::resumes(sample, false, rows)),
        |sample, rows| drop(tables::support_logs(sample, false, rows)),
        tables::seo_contents,
    ];
    let cells = tables.into_iter().flat_map(|make| copy::collect(move |rows| make(&sample, rows)));
    cells.flatten().flatten().filter(|text| text.len() >= TEXT).collect()
}

/// Question and answer of each support conversation that has both.
pub fn conversations(sample: Sample) -> Vec<(String, String)> {
    let rows = copy::collect(move |rows| drop(tables::support_logs(&sample, false, rows)));
    let pair = |row: Vec<Option<String>>| {
        let mut cells = row.into_iter().skip(1);
        cells.next().flatten().zip(cells.next().flatten())
    };
    rows.into_iter().filter_map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_out_as_they_went_in() {
        let texts = texts(Sample::of(30));
        assert!(texts.len() > 40 && texts.iter().any(|text| text.contains('\n')), "{}", texts.len());
        assert!(texts.iter().all(|text| !text.contains("\\n")));
        let conversations = conversations(Sample::of(30));
        assert!(conversations.len() > 5 && conversations.iter().all(|(ask, _)| ask.contains('\n')));
    }
}
