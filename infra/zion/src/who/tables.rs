//! The tables whose rows can be asked for.

use std::collections::BTreeMap;

use records::library;
use records::recipe::Recipe;
use stage::lineage_file::{LineageIndex, LineageLine};
use stage::plan_file::PlanFile;
use stage::{StageError, keys};
use store::{Find, Get, List, find_json, get_lines};

use crate::error::{Context as _, Error, Result};
use crate::reconcile::objects;

/// The tables that recipes read, and whether their rows stand for their person: the recipe names nobody.
type Tables = BTreeMap<String, bool>;

/// The tables of the recipes that this program knows.
fn shipped() -> Tables {
    let names = library::names().into_iter().chain(library::examples());
    let mut tables = Tables::new();
    for recipe in names.filter_map(|name| library::recipe(name).ok()) {
        add(&mut tables, &recipe);
    }
    tables
}

fn add(tables: &mut Tables, recipe: &Recipe) {
    for source in &recipe.sources {
        *tables.entry(source.table.clone()).or_default() |= source.subject.is_none();
    }
}

/// Adds the tables of the runs: by their plans, and where one has expired, by all of its lineage if that may be read.
async fn add_runs(
    tables: &mut Tables,
    deep: bool,
    store: &(impl Get + Find + List),
) -> Result<(), StageError> {
    for folder in store.list(keys::LINEAGE).await? {
        let run = folder.trim_start_matches(keys::LINEAGE).trim_end_matches('/');
        let index: Option<LineageIndex> = find_json(store, &keys::lineage_index(run)).await?;
        let Some(index) = index else { continue };
        if let Some(plan) = find_json::<PlanFile>(store, &keys::plan(run)).await? {
            add(tables, &plan.recipe);
        } else if deep {
            for object in objects(&index) {
                for line in get_lines::<LineageLine>(store, &object).await? {
                    *tables.entry(line.table).or_default() |= line.subject.is_none();
                }
            }
        }
    }
    Ok(())
}

fn nameless(tables: &Tables) -> String {
    let names: Vec<_> = tables.iter().filter(|(_, nameless)| **nameless).map(|(name, _)| &**name).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

/// Checks that rows of a table can be asked for: a search for others finds nothing, which is no answer.
pub(super) async fn check_row_of(table: &str, store: &(impl Get + Find + List)) -> Result<()> {
    let mut tables = shipped();
    if !tables.get(table).is_some_and(|nameless| *nameless) {
        add_runs(&mut tables, true, store).await.context("look for the tables of the runs")?;
    }
    let names = nameless(&tables);
    match tables.get(table) {
        Some(true) => Ok(()),
        Some(false) => Err(Error::new(format!("the recipes say whose the rows of {table} are"))
            .hint(format!("leave --row-of out and give the person's id; it is for rows of {names}"))),
        None => Err(Error::new(format!("no recipe and no run has read a table {table}"))
            .hint(format!("--row-of takes one whose recipe names nobody: {names}"))),
    }
}

/// Names the tables of which rows are asked for by their keys.
pub(super) async fn names(store: &(impl Get + Find + List)) -> Result<String> {
    let mut tables = shipped();
    add_runs(&mut tables, false, store).await.context("look for the tables of the runs")?;
    Ok(nameless(&tables))
}
