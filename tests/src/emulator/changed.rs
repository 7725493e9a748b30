//! A second run that reads what has changed alone, against one that reads everything.

use serde_json::json;
use stage::arrows::Planned;
use stage::manifest::Manifest;

use super::consent::zion;
use super::full::{first, verified};
use super::say;
use super::world::World;

const RECIPE: &str = "zion-gpt";

/// Everything that may happen between two runs, and how it is put back.
const CHANGES: &str = "
create temp table kept_posts as select * from job_posts where id in
  (select p.id from job_posts p join profiles o on o.id = p.owner_id
    where p.status = 'published' and not o.training_opt_out and p.description ~ '\\S' order by p.id limit 3);
create temp table kept_people as select id, training_opt_out from profiles where id in
  (select r.user_id from resumes r join profiles p on p.id = r.user_id where r.summary ~ '\\S'
    group by r.user_id, p.training_opt_out order by p.training_opt_out, r.user_id limit 1)
  or id in (select r.user_id from resumes r join profiles p on p.id = r.user_id where p.training_opt_out
    order by r.user_id limit 1);
update job_posts set description = 'We keep a quince orchard and look for two hands.' where id = (select min(id) from kept_posts);
delete from job_posts where id = (select max(id) from kept_posts);
insert into job_posts (owner_id, title, description, location, status)
  select owner_id, 'Medlar picker', 'We plant medlars in spring and pick them late.', location, 'published' from kept_posts order by id limit 1;
-- The marks of those who opted out are searched for in everything that is left: whoever agrees again has none.
update resumes set summary = regexp_replace(summary, 'project \\S+ \\S+ \\d{5}', 'the garden', 'g')
  where user_id in (select id from kept_people where training_opt_out);
update job_posts set description = regexp_replace(description, 'project \\S+ \\S+ \\d{5}', 'the garden', 'g')
  where owner_id in (select id from kept_people where training_opt_out);
update support_logs set question = regexp_replace(question, 'project \\S+ \\S+ \\d{5}', 'the garden', 'g'),
    answer = regexp_replace(answer, 'project \\S+ \\S+ \\d{5}', 'the garden', 'g')
  where user_id in (select id from kept_people where training_opt_out);
update profiles p set training_opt_out = not k.training_opt_out from kept_people k where k.id = p.id;
";
const BACK: &str = "
delete from job_posts where title = 'Medlar picker';
delete from job_posts where id in (select id from kept_posts);
insert into job_posts overriding system value select * from kept_posts;
update profiles p set training_opt_out = k.training_opt_out from kept_people k where k.id = p.id;
drop table kept_posts, kept_people;
";

pub(crate) async fn since_the_last_run(w: &World) {
    w.sql(CHANGES).await;
    let run = "changed";
    let ended = w.succeed(run, RECIPE).await;
    let planned: Planned = ended.left("planned");
    let said = planned.reading.unwrap();
    assert!(said.contains(&format!("beside what run {} has left", first(RECIPE))), "{said}");
    let manifest = manifest(w, run).await;
    let reading = manifest.reading.unwrap();
    assert_eq!(reading.read + reading.kept, manifest.counts.rows, "{reading:?}");
    // A text, a new post, and the rows of whoever agrees again were read; the others were not.
    assert!((3..40).contains(&reading.read) && reading.kept > 500, "{reading:?}");
    assert!(reading.replaced >= 1 && reading.gone >= 2, "{reading:?}");
    verified(w, run).await;
    // The model's people are found, and none of them may not be used.
    let found = zion(w, &["reconcile"]).await;
    let runs = found["runs"].as_array().unwrap();
    let ours = runs.iter().find(|it| it["run"] == run).unwrap();
    assert_eq!(ours["people"], 0, "{ours}");

    let full = w.execute("changed-full", json!({"recipe": RECIPE, "full": true})).await;
    assert!(full.outcome.succeeded(), "{:?}", full.outcome);
    let everything = self::manifest(w, "changed-full").await;
    assert_eq!(manifest.outputs, everything.outputs, "the same dataset");
    assert_eq!(manifest.counts, everything.counts);
    assert_eq!(manifest.lineage.unwrap().sha256, everything.lineage.unwrap().sha256, "of the same people");
    assert_eq!(everything.reading.unwrap().kept, 0);
    say(&format!(
        "         {} rows read, {} taken over, {} gone; the dataset is that of a run that reads all {}",
        reading.read, reading.kept, reading.gone, everything.counts.rows
    ));
    w.sql(BACK).await;
}

async fn manifest(w: &World, run: &str) -> Manifest {
    serde_json::from_slice(&w.bytes(&stage::keys::manifest(run)).await).unwrap()
}
