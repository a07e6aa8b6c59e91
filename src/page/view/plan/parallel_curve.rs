//! The wall clock over the number of trials at once, as a curve; the table below it has the same figures.

use leptos::prelude::*;

use crate::estimate::{EstimateSettings, ParallelRow};
use crate::page::format::{format_count, format_duration};
use crate::page::state::State;
use crate::sweep::math::log;

// The drawing's own units; the browser scales it to the width that there is.
const WIDTH: f64 = 340.0;
const LEFT: f64 = 8.0;
const RIGHT: f64 = WIDTH - 8.0;
const TOP: f64 = 18.0;
const BOTTOM: f64 = 92.0;

/// A point of the curve in the drawing's units.
#[derive(Clone, Debug, PartialEq)]
struct Point {
    x: i32,
    low: i32,
    likely: i32,
    high: i32,
    parallel: u32,
    wall: f64,
}

/// Time over trials at once, both as the table has them: the number of trials on a logarithmic scale, since
/// doubling it is what halves the time.
fn points_of(rows: &[ParallelRow]) -> Vec<Point> {
    let longest = rows
        .iter()
        .filter_map(|row| row.wall_seconds.as_ref())
        .fold(0.0f64, |longest, wall| longest.max(wall.high));
    let most = rows.iter().map(|row| row.parallel).max().unwrap_or(1);
    let steps = log(f64::from(most.max(2)));
    let y = |seconds: f64| (BOTTOM - (BOTTOM - TOP) * seconds / longest.max(1e-9)).round() as i32;
    rows.iter()
        .filter_map(|row| {
            let wall = row.wall_seconds.as_ref()?;
            let x = LEFT + (RIGHT - LEFT) * log(f64::from(row.parallel.max(1))) / steps;
            Some(Point {
                x: x.round() as i32,
                low: y(wall.low),
                likely: y(wall.likely),
                high: y(wall.high),
                parallel: row.parallel,
                wall: wall.likely,
            })
        })
        .collect()
}

/// `x,y x,y …`
fn join_points(points: impl Iterator<Item = (i32, i32)>) -> String {
    let pairs = points.map(|(x, y)| [x.to_string(), y.to_string()].join(","));
    pairs.collect::<Vec<_>>().join(" ")
}

#[component]
pub(super) fn ParallelCurve() -> impl IntoView {
    let state = State::get();
    let (draft, comparison) = (state.draft, state.machines);
    let points = Memo::new(move |_| comparison.by_parallel.with(|rows| points_of(rows)));
    let in_force = Memo::new(move |_| draft.pricing.with(EstimateSettings::parallel));
    let line = move || {
        points.with(|points| join_points(points.iter().map(|point| (point.x, point.likely))))
    };
    let band = move || {
        points.with(|points| {
            let high = points.iter().map(|point| (point.x, point.high));
            let low = points.iter().rev().map(|point| (point.x, point.low));
            join_points(high.chain(low))
        })
    };
    let dots = move || {
        let in_force = in_force.get();
        points.with(|points| {
            let dot = |point: &Point| {
                let name = describe(point);
                view! {
                    <circle class:current=point.parallel == in_force cx=point.x cy=point.likely r="3">
                        <title>{name}</title>
                    </circle>
                }
            };
            points.iter().map(dot).collect_view()
        })
    };
    let label = move || {
        let words = points.with(|points| points.iter().map(describe).collect::<Vec<_>>());
        ["Wall-clock by trials at once: ", &words.join("; ")].concat()
    };
    let end = move |last: bool| {
        points.with(|points| {
            let point = if last { points.last() } else { points.first() };
            point.map(|point| {
                let time = format_duration(point.wall);
                (format_count(point.parallel.into()), point.likely - 7, time)
            })
        })
    };
    let cost = move || {
        draft.estimate.with(|estimate| {
            let cost = estimate.cost.as_ref()?;
            Some(
                [
                    cost.likely.to_compact().as_str(),
                    " with any number at once",
                ]
                .concat(),
            )
        })
    };
    let ends = move || {
        [(false, LEFT, "start"), (true, RIGHT, "end")]
            .into_iter()
            .filter_map(|(last, x, anchor)| {
                let (count, y, time) = end(last)?;
                Some(view! {
                    <text x=x y=y.max(10) text-anchor=anchor>{time}</text>
                    <text class="axis" x=x y=BOTTOM + 15.0 text-anchor=anchor>{count}</text>
                })
            })
            .collect_view()
    };
    view! {
        <figure class="curve" aria-labelledby="parallel-title">
            <svg viewBox="0 0 340 112" role="img" aria-label=label>
                <polygon class="band" points=band />
                <line class="base" x1=LEFT x2=RIGHT y1=BOTTOM y2=BOTTOM />
                <polyline class="line" points=line />
                {dots}
                {ends}
                <text class="axis" x=WIDTH / 2.0 y=BOTTOM + 15.0 text-anchor="middle">"at once"</text>
            </svg>
            <figcaption class="fine num">{cost}</figcaption>
        </figure>
    }
}

/// `2 at once: 1 h 10 min`
fn describe(point: &Point) -> String {
    let count = format_count(point.parallel.into());
    [&count, " at once: ", &format_duration(point.wall)].concat()
}
