//! The dataset's report, read by an HTML parser that we did not write.

use serde_json::{Value, json};
use stage::keys;
use store::{Get as _, Memory};
use zion::local::paths;

use super::script;
use crate::handlers::fakes::{Project, Tuner};
use crate::handlers::run::{RUN, all};

/// What must not come alive, nor tear the page apart.
const HOSTILE: [&str; 5] = [
    "</div></style><script>document.title = 'taken'</script><img src=x onerror=alert(1)> is what this post says.",
    "Ask for the \u{202e}yrots elohw\u{202c} of this post & its \"quotes\", {{ 7 * 7 }} and {% raw %} in it.",
    "<a href=\"javascript:alert(1)\" style=\"position:fixed\">Apply</a> by <b>pressing</b> the button of this post.",
    "]]><!-- a comment that never ends, and &lt;entities&gt; &#x3c;script&#x3e; in this post.",
    "Wort",
];

/// A run over posts that are hostile, every one of them a sample.
async fn hostile_page() -> String {
    let words = |id: usize| {
        let words: Vec<_> = (0..30).map(|at| format!("word{:x}", (id * 31 + at) * 2_654_435_761)).collect();
        words.join(" ")
    };
    let row = |id: usize| {
        let hostile = if id % 5 == 4 { "Donaudampfschiff".repeat(200) } else { HOSTILE[id % 5].to_owned() };
        json!({"id": id + 1, "owner_id": format!("owner-{id}"), "title": format!("Post <i>{id}</i> & <script>document.title = 'taken'</script>\u{202e}"),
            "location": "Bonn", "skills": ["care"], "description": format!("{hostile} {}", words(id)),
            "opted_out": id % 11 == 10})
    };
    let rows: Vec<Value> = (0..260).map(row).collect();
    let project = Project { tables: [("job_posts", rows)].into(), ..Project::new(300) };
    let store = Memory::default();
    all(&store, &project, &Tuner::default()).await.unwrap();
    String::from_utf8(store.get(&keys::report(RUN)).await.unwrap().to_vec()).unwrap()
}

#[tokio::test]
async fn the_report_is_whole_html_in_which_hostile_text_is_text() {
    let page = hostile_page().await;
    // `make look` shows it in a browser.
    let folder = paths::root().unwrap().join("target/report");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("report.html"), &page).unwrap();
    script::run("report.py", &[], &[], &page).await;
}
