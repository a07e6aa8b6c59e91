use super::*;

const TIMEOUTS: Timeouts = Timeouts {
    header: Duration::from_secs(15),
    stall: Duration::from_secs(60),
    idle: Duration::from_secs(75),
};

fn seconds(number: u64) -> Duration {
    Duration::from_secs(number)
}

fn answering(at: Instant) -> Activity {
    let mut activity = Activity::opened(at);
    activity.received(at);
    activity.begin_request(at);
    activity
}

#[test]
fn a_half_request_does_not_live_longer_by_trickling() {
    let start = Instant::now();
    let mut activity = Activity::opened(start);
    for second in 1..=15 {
        activity.received(start + seconds(second));
        assert_eq!(activity.overdue(start + seconds(second), &TIMEOUTS), None);
    }
    assert!(activity.is_half_sent());
    let late = start + seconds(17);
    assert_eq!(activity.overdue(late, &TIMEOUTS), Some(Overdue::Header));
    let silent = Activity::opened(start);
    assert!(!silent.is_half_sent());
    assert_eq!(silent.overdue(late, &TIMEOUTS), Some(Overdue::Header));
}

#[test]
fn between_requests_the_idle_time_counts() {
    let start = Instant::now();
    let mut activity = answering(start);
    assert_eq!(activity.overdue(start + seconds(9_999), &TIMEOUTS), None);
    activity.end_answer(start);
    assert_eq!(activity.overdue(start + seconds(75), &TIMEOUTS), None);
    let late = start + seconds(76);
    assert_eq!(activity.overdue(late, &TIMEOUTS), Some(Overdue::Idle));
    // The last bytes are still being read: no time of theirs is idle.
    activity.wait_to_write(start);
    activity.advance_answer(1_000_000, start + seconds(30));
    assert_eq!(activity.overdue(late, &TIMEOUTS), None);
    // A second request that begins is measured from its first byte.
    activity.received(start + seconds(80));
    let late = start + seconds(96);
    assert_eq!(activity.overdue(late, &TIMEOUTS), Some(Overdue::Header));
}

#[test]
fn a_steady_body_lives_and_a_stalled_or_trickling_one_does_not() {
    let start = Instant::now();
    let upload = |bytes: usize, pause: u64, pieces: u64| {
        let mut activity = answering(start);
        let mut now = start;
        for _ in 0..pieces {
            activity.wait_for_body(now);
            now += seconds(pause);
            if activity.overdue(now, &TIMEOUTS).is_some() {
                return Some(now - start);
            }
            activity.advance_body(bytes, now);
        }
        None
    };
    assert_eq!(upload(40_000, 59, 1_000), None);
    assert_eq!(upload(40_000, 61, 1_000), Some(seconds(61)));
    assert_eq!(upload(1, 10, 1_000), Some(seconds(70)));
    // While the server itself works, nothing is overdue.
    let mut activity = answering(start);
    activity.wait_for_body(start);
    activity.advance_body(1, start);
    assert_eq!(activity.overdue(start + seconds(9_999), &TIMEOUTS), None);
}

#[test]
fn an_answer_that_is_not_read_ends() {
    let start = Instant::now();
    let mut activity = answering(start);
    activity.wait_to_write(start);
    assert_eq!(activity.overdue(start + seconds(60), &TIMEOUTS), None);
    let late = start + seconds(61);
    assert_eq!(activity.overdue(late, &TIMEOUTS), Some(Overdue::Write));
    activity.end_answer(start);
    assert_eq!(activity.overdue(late, &TIMEOUTS), Some(Overdue::Write));
}

#[test]
fn who_waits_longest_goes_first_and_who_is_known_last() {
    let start = Instant::now();
    let now = start + seconds(60);
    let rank = |activity: &Activity, share| activity.rank(share, now).unwrap();
    let half = Activity::opened(start + seconds(10));
    let older_half = Activity::opened(start);
    assert!(rank(&older_half, 1) > rank(&half, 1));
    assert!(rank(&half, 2) > rank(&older_half, 1));
    // A body that does not come is no whole request either.
    let mut half_body = answering(start + seconds(5));
    half_body.wait_for_body(start + seconds(5));
    assert!(rank(&half_body, 1) > rank(&half, 1));
    assert!(rank(&half_body, 1) < rank(&older_half, 1));
    let mut unread = answering(start + seconds(5));
    unread.advance_answer(1_000, now);
    unread.wait_to_write(now);
    assert!(rank(&unread, 1) > rank(&half, 1));
    // Who reads gets to the end.
    let mut quick = answering(start);
    quick.advance_answer(10_000_000, now);
    assert!(rank(&quick, 1) < rank(&Activity::opened(now - seconds(1)), 1));
    let mut stream = answering(start);
    stream.mark_trusted();
    assert!(rank(&quick, 1) > rank(&stream, 9) && rank(&stream, 9).is_trusted());
    // What the server has only begun to work on is left alone.
    assert_eq!(answering(now - seconds(4)).rank(1, now), None);
    assert!(answering(now - seconds(6)).rank(1, now).is_some());
}

#[test]
fn who_guesses_keys_or_wants_nothing_more_goes_before_all_others() {
    let now = Instant::now();
    let just = now - Duration::from_millis(1);
    let mut guess = answering(just);
    guess.set_key_waits(true);
    let mut gone = answering(just);
    gone.half_close(now);
    let mut lingering = answering(just);
    lingering.leave_body();
    assert!(lingering.linger(now));
    let flood = Activity::opened(now - seconds(14))
        .rank(4_000, now)
        .unwrap();
    for first in [guess, gone, lingering] {
        assert!(first.rank(1, now).unwrap() > flood, "{first:?}");
    }
    // A key that has been looked at makes a request like any other.
    guess.set_key_waits(false);
    assert_eq!(guess.rank(1, now), None);
}

#[test]
fn who_has_closed_its_side_gets_an_answer_that_moves() {
    let start = Instant::now();
    let mut activity = answering(start);
    activity.half_close(start);
    assert_eq!(activity.overdue(start + seconds(14), &TIMEOUTS), None);
    activity.advance_answer(1, start + seconds(14));
    assert_eq!(activity.overdue(start + seconds(28), &TIMEOUTS), None);
    let late = start + seconds(30);
    assert_eq!(activity.overdue(late, &TIMEOUTS), Some(Overdue::HalfClosed));
    // The rest of a body cannot come.
    let mut half_body = answering(start);
    half_body.wait_for_body(start);
    half_body.half_close(start);
    let late = start + seconds(2);
    let overdue = half_body.overdue(late, &TIMEOUTS);
    assert_eq!(overdue, Some(Overdue::HalfClosed));
}

#[test]
fn only_who_may_still_send_is_read_on_and_not_for_long() {
    let start = Instant::now();
    let mut whole = answering(start);
    assert!(!whole.linger(start) && !whole.is_lingering());
    let mut left = answering(start);
    left.leave_body();
    left.end_answer(start);
    assert!(left.linger(start) && left.is_lingering());
    assert_eq!(left.overdue(start + seconds(15), &TIMEOUTS), None);
    let late = start + seconds(16);
    assert_eq!(left.overdue(late, &TIMEOUTS), Some(Overdue::Linger));
    let mut gone = answering(start);
    gone.leave_body();
    gone.half_close(start);
    assert!(!gone.linger(start));
}
