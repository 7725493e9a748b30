//! Random schedules of inserts, updates, deletes, opt-outs and late commits, between runs and during them.

use export::Sizes;
use jiff::{SignedDuration, Timestamp};
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use stage::keys;

use super::World;

/// A failure names the seed of its schedule; set `SEED` to it, and `SCHEDULES` to 1, to see it alone.
const SEED: u64 = 20_261_123;
const SCHEDULES: u64 = 200;

/// A change that is under way: it has its time, and is not to be seen yet.
type Open = (Timestamp, Box<dyn FnOnce(&mut World, Value)>);

/// Changes a table at random, as transactions of up to half an hour do.
fn change(world: &mut World, random: &mut ChaCha8Rng, open: &mut Vec<Open>) {
    let id = random.random_range(1..200_u64);
    let kind = random.random_range(0..8);
    let text = match random.random_range(0..6) {
        0 => Value::Null,
        1 => json!("We cook for many people."),
        _ => json!(format!("Text {}. Write to ann{id}@example.com.", random.random_range(0..1_000))),
    };
    let no_time = random.random_bool(0.05);
    let apply = move |world: &mut World, time: Value| {
        let time = if no_time { Value::Null } else { time };
        let at = world.posts().iter().position(|row| row["id"].as_u64().unwrap() >= id);
        let there = at.filter(|at| world.posts()[*at]["id"] == id);
        match (kind, there) {
            (0..3, Some(at)) => {
                let row = &mut world.posts()[at];
                (row["description"], row["updated_at"]) = (text, time);
            }
            (3, Some(at)) => drop(world.posts().remove(at)),
            // Somebody's mind changes in another table: the row's time stays.
            (4, Some(at)) => world.posts()[at]["opted_out"] = json!(true),
            (5, Some(at)) => world.posts()[at]["opted_out"] = json!(false),
            (_, None) => {
                let at = at.unwrap_or(world.posts().len());
                let row = json!({"id": id, "owner_id": format!("owner-{}", id % 37), "title": format!("Cook {id}"), "location": "Bonn",
                    "skills": ["care"], "description": text, "opted_out": id.is_multiple_of(9), "updated_at": time});
                world.posts().insert(at, row);
            }
            _ => {}
        }
    };
    let now = world.project.now.unwrap();
    if random.random_bool(0.3) {
        open.push((now, Box::new(apply)));
    } else {
        apply(world, json!(now.to_string()));
    }
}

/// Commits what is open: some of it, or what has been open for half an hour.
fn commit(world: &mut World, random: &mut ChaCha8Rng, open: &mut Vec<Open>) {
    let now = world.project.now.unwrap();
    for (began, apply) in std::mem::take(open) {
        let old = now.duration_since(began) > SignedDuration::from_mins(20);
        if old || random.random_bool(0.3) {
            apply(world, json!(began.to_string()));
        } else {
            open.push((began, apply));
        }
    }
}

#[derive(Default)]
struct Tally {
    compared: u64,
    incremental: u64,
    moved: u64,
    failed: u64,
    read: u64,
    kept: u64,
    late: u64,
}

async fn schedule(seed: u64, tally: &mut Tally) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut world = World::new(0);
    world.project.max_rows = random.random_range(1..80);
    world.sizes = Sizes {
        part_bytes: random.random_range(6_000..30_000),
        more_keys: random.random_range(1..40),
        near: random.random_range(1..20),
    };
    let mut open = Vec::new();
    for _ in 0..random.random_range(150..250) {
        change(&mut world, &mut random, &mut open);
    }
    for round in 0..random.random_range(2..5) {
        for _ in 0..random.random_range(0..30) {
            change(&mut world, &mut random, &mut open);
            world.wait(random.random_range(0..4));
            commit(&mut world, &mut random, &mut open);
        }
        tally.late += open.len() as u64;
        let run = format!("run-{round}");
        let planned = world.plan(&run, json!({})).await.unwrap();
        // In every other round the table changes while it is read; then the next round tells whether a row was lost.
        let moving = random.random_bool(0.5);
        let mut meanwhile = ChaCha8Rng::seed_from_u64(seed ^ 0xABCD);
        let mut faults = ChaCha8Rng::seed_from_u64(seed ^ 0x1234);
        let calls = || if faults.random_bool(0.5) { faults.random_range(2..30) } else { usize::MAX };
        let exported = world.export(&planned, calls, |world| {
            if moving {
                for _ in 0..meanwhile.random_range(0..4) {
                    change(world, &mut meanwhile, &mut open);
                    commit(world, &mut meanwhile, &mut open);
                }
            }
        });
        let exported = exported.await;
        let finished = match exported {
            Ok(()) => world.finish(&run).await,
            Err(error) => Err(error),
        };
        match finished {
            Ok(_) if !moving => {
                world.same_as_full(&run, &format!("seed {seed}, {run}")).await;
                tally.compared += 1;
            }
            Ok(_) => tally.moved += 1,
            Err(error) => {
                assert!(moving, "seed {seed}, {run}: {}", error.chain());
                tally.failed += 1;
            }
        }
        if world.store.keys().contains(&keys::manifest(&run)) {
            let reading = world.reading(&run).await;
            if reading.plan.since.is_some() {
                tally.incremental += 1;
                tally.read += reading.read;
                tally.kept += reading.kept;
            }
            if random.random_bool(0.8) {
                world.succeed(&run).await;
            }
        }
        world.wait(random.random_range(1..600));
        commit(&mut world, &mut random, &mut open);
    }
}

#[tokio::test]
async fn no_row_is_lost_and_none_is_doubled_whatever_changes_between_and_during_runs() {
    let number = |name: &str, default| {
        #[expect(clippy::disallowed_methods, reason = "a test that is told what to repeat")]
        std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    let (first, schedules) = (number("SEED", SEED), number("SCHEDULES", SCHEDULES));
    let mut tally = Tally::default();
    for seed in first..first + schedules {
        schedule(seed, &mut tally).await;
    }
    let Tally { compared, incremental, moved, failed, read, kept, late } = tally;
    let text = format!(
        "seed {first}, {schedules} schedules: {compared} datasets compared, {incremental} incremental, {moved} while the table moved, {failed} given up, {late} late commits, {read} rows read, {kept} taken over"
    );
    assert!(
        schedules < SCHEDULES || (compared > schedules && incremental > schedules && kept > 10_000),
        "{text}"
    );
    std::io::Write::write_all(&mut std::io::stderr(), format!("{text}\n").as_bytes()).unwrap();
}
