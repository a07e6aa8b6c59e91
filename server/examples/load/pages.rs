//! Paging through runs while all of them are stored.

use serde_json::Value;

use crate::client::Client;
use crate::figures::{Sample, print_line, print_title};
use crate::home::Server;
use crate::launches::{Run, launch};
use crate::{Outcome, Size};

/// What the page asks for, and what a call answers that does not say.
const LIMITS: [u32; 2] = [200, 1000];
const STATES: [&str; 6] = [
    "QUEUED",
    "SUCCEEDED",
    "FAILED",
    "CANCELLED",
    "PAUSED",
    "RUNNING",
];

/// SplitMix64: the offsets follow from the seed alone.
pub(crate) struct Draws(pub(crate) u64);

impl Draws {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (bits ^ (bits >> 31)) % bound.max(1)
    }
}

/// Reads pages of one run after the other at random offsets, and at the last ones.
pub(crate) fn measure_paging(server: &Server, runs: &[Run], size: Size) -> Outcome<()> {
    let stored: u32 = runs.iter().map(|run| run.trials).sum();
    print_title(&format!("Paging, {stored} trials stored"));
    let mut client = Client::connect(server.address)?;
    let mut draws = Draws(1);
    for limit in LIMITS {
        let filters = std::iter::once(None).chain(STATES.map(Some));
        for state in filters {
            let times = time_pages(&mut client, runs, &mut draws, (limit, state), size.pages)?;
            let kind = state.map_or("all states".to_owned(), str::to_lowercase);
            print_line(
                &format!("{} pages of {limit}, {kind}", times.len()),
                &times.summary(),
            );
        }
    }
    measure_states(&mut client, runs, size)
}

/// The states of all trials: of one run, of all runs, of one whose trials all wait.
fn measure_states(client: &mut Client, runs: &[Run], size: Size) -> Outcome<()> {
    let ids: Vec<String> = runs.iter().map(|run| format!("run={}", run.id)).collect();
    let first = ids.first().ok_or("no run")?;
    let command = format!("true.sh  --i 'range({})'", size.hundreds * 100);
    let (waiting, _) = launch(client, "idle", &command, &serde_json::json!({}))?;
    let queries = [
        ("of a run in 5 mixed states", first.clone()),
        ("of all these runs", ids.join("&")),
        ("of a run that waits", format!("run={waiting}")),
    ];
    for (what, query) in queries {
        let (mut times, mut bytes) = (Sample::default(), 0);
        for _ in 0..size.pages.div_ceil(10) {
            let answer = client.get(&format!("/v1/core/idle/states?{query}"))?;
            bytes = answer.body.len();
            times.add(answer.took);
        }
        print_line(
            &format!("states {what}, {} times", times.len()),
            &format!("{}, {bytes} bytes", times.summary()),
        );
    }
    Ok(())
}

/// Half of the pages lie anywhere, half among the last.
fn time_pages(
    client: &mut Client,
    runs: &[Run],
    draws: &mut Draws,
    (limit, state): (u32, Option<&str>),
    count: u32,
) -> Outcome<Sample> {
    let filter = state.map_or(String::new(), |state| {
        format!("&state=EXPERIMENT_STATE_{state}")
    });
    let mut times = Sample::default();
    let mut totals = vec![None; runs.len()];
    for page in 0..count {
        let at = draws.below(runs.len() as u64) as usize;
        let path = |offset: u64, limit: u32| {
            let id = &runs[at].id;
            format!("/v1/core/idle/runs/{id}/trials?offset={offset}&limit={limit}{filter}")
        };
        let total = match totals[at] {
            Some(total) => total,
            None => read_total(&client.get(&path(0, 1))?.json()?)?,
        };
        totals[at] = Some(total);
        let last = total.saturating_sub(u64::from(limit));
        let offset = match page % 2 {
            0 => draws.below(total),
            _ => last + draws.below(u64::from(limit)),
        };
        let answer = client.get(&path(offset, limit))?;
        let rows = answer.json()?["trials"].as_array().map_or(0, Vec::len) as u64;
        if rows != total.saturating_sub(offset).min(limit.into()) {
            return Err(format!("{rows} rows at {offset} of {total}").into());
        }
        times.add(answer.took);
    }
    Ok(times)
}

fn read_total(page: &Value) -> Outcome<u64> {
    Ok(page["total"].as_u64().ok_or("a page without a total")?)
}
