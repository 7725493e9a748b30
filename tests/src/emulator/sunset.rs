//! A base model whose end is announced while a model that was tuned from it is live.

use jiff::{ToSpan as _, Zoned};
use serde_json::{Value, json};

use super::world::World;

const BASE: &str = "openai/gpt-oss-20b";

pub(crate) async fn announced(w: &World) {
    let look = async || -> Value {
        let looked = w.stack.invoke("sunset", &json!({})).await.unwrap();
        assert_eq!(looked.function_error, None, "{}", looked.payload);
        looked.payload
    };
    assert_eq!(look().await["told"], json!([]));
    // Far enough for the recipes, which ask for ninety days.
    let day = Zoned::now().date() + 90.days();
    w.turn(json!({"shutdown_dates": {BASE: day}})).await;
    let told = look().await;
    let again = look().await;
    let rows = "select base_shutdown_date::text from public.model_versions where active order by 1";
    let days = w.texts(rows).await;
    w.turn(json!({"shutdown_dates": {BASE: null}})).await;
    assert_eq!((&told["told"], &again["told"]), (&json!([BASE]), &json!([])), "told once");
    assert!(!days.is_empty() && days.iter().all(|noted| *noted == day.to_string()), "{days:?}");
    look().await;
    let rows = "select name from public.model_versions where base_shutdown_date is not null and active";
    assert_eq!(w.texts(rows).await, [] as [String; 0], "a day that is taken back is taken from the rows");
}
