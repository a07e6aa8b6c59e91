//! Work in slices on the browser's only thread.

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

use crate::estimate::{Pace, Pause};
use crate::page::browser;

/// How long a slice lasts, well below a frame.
const SLICE_MILLIS: f64 = 4.0;

/// Does `work` after a rest, in slices between which the browser handles what else there is. None as soon as
/// the work `is_outdated`; outdated before it begins, it is not called at all.
pub(super) async fn run_in_slices<T>(
    rest_millis: i32,
    is_outdated: impl Fn() -> bool,
    work: impl AsyncFnOnce(&mut Pace<'_>) -> T,
) -> Option<T> {
    browser::sleep(rest_millis).await;
    let began = Rc::new(Cell::new(browser::monotonic_millis()));
    let mut pause = || -> Option<Pause> {
        let began = Rc::clone(&began);
        let is_over = browser::monotonic_millis() - began.get() >= SLICE_MILLIS;
        is_over.then(|| {
            let next: Pause = Box::pin(async move {
                browser::sleep(0).await;
                began.set(browser::monotonic_millis());
            });
            next
        })
    };
    let mut pace = Pace::with_pauses(&mut pause);
    let mut work = pin!(work(&mut pace));
    poll_fn(|context| {
        if is_outdated() {
            return Poll::Ready(None);
        }
        work.as_mut().poll(context).map(Some)
    })
    .await
}
