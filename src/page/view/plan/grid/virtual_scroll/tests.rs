use super::*;
use crate::testing::test;

const HUGE: u128 = 1_000_000_000_000_000_000;

fn list(rows: u128) -> Geometry {
    Geometry {
        rows,
        row_height: 36.0,
        viewport: 360.0,
    }
}

fn shown(list: &Geometry, at: Position) -> (u128, u128) {
    let drawn = list.rows_to_draw(at);
    (drawn.first, drawn.first + u128::from(drawn.count))
}

#[test]
fn a_short_list_is_drawn_whole() {
    assert_eq!(
        list(3).rows_to_draw(list(3).position_at(0.0)),
        Drawn {
            first: 0,
            count: 3,
            y: 0.0
        }
    );
    assert_eq!(
        list(0).rows_to_draw(list(0).position_at(0.0)),
        Drawn {
            first: 0,
            count: 0,
            y: 0.0
        }
    );
    assert_eq!(list(3).height(), 108.0);
}

#[test]
fn a_list_to_scale_follows_the_offset() {
    let list = list(1000);
    assert_eq!(
        list.position_at(3600.0),
        Position {
            row: 100,
            px: 0.0,
            top: 3600.0
        }
    );
    let at = list.after_scroll(Position::default(), 3610.0);
    assert_eq!(
        at,
        Position {
            row: 100,
            px: 10.0,
            top: 3610.0
        }
    );
    assert_eq!(
        list.rows_to_draw(at),
        Drawn {
            first: 92,
            count: 27,
            y: 92.0 * 36.0
        }
    );
    assert_eq!(shown(&list, list.position_at(f64::MAX)).1, 1000);
}

#[test]
fn both_ends_of_a_huge_list_are_reached() {
    for rows in [HUGE, u128::MAX, 300_000] {
        let list = list(rows);
        assert_eq!(list.position_at(0.0).row, 0);
        assert_eq!(list.position_at(list.max_top()), list.end());
        assert_eq!(list.end().row, rows - 10);
        assert_eq!(shown(&list, list.end()).1, rows);
    }
}

#[test]
fn offset_and_row_agree_at_every_place() {
    let list = list(HUGE);
    for top in [
        0.0,
        36.0,
        999_000.0,
        2e6,
        4e6,
        6.5e6,
        7_400_000.0,
        list.max_top() - 360.0,
    ] {
        let at = list.position_at(top);
        let back = list.top_of(at.row) + at.px;
        assert!((back - top).abs() < 72.0, "{top} became {back}");
    }
    let mut before = list.position_at(0.0);
    for step in 1..=8000 {
        let at = list.position_at(f64::from(step) * 1000.0);
        assert!(at.row >= before.row);
        before = at;
    }
}

#[test]
fn small_steps_are_exact_in_the_middle_of_a_huge_list() {
    let list = list(HUGE);
    let start = list.position_of_row(HUGE / 2);
    assert_eq!(start.row, HUGE / 2);
    let down = list.after_scroll(start, start.top + 100.0);
    assert_eq!((down.row, down.px), (HUGE / 2 + 2, 28.0));
    let up = list.after_scroll(down, start.top - 8.0);
    assert_eq!((up.row, up.px), (HUGE / 2 - 1, 28.0));
    let drawn = list.rows_to_draw(up);
    assert_eq!(drawn.first, HUGE / 2 - 9);
    assert_eq!(drawn.y + 8.0 * 36.0 + 28.0, up.top);
}

#[test]
fn any_row_can_be_gone_to() {
    let list = list(HUGE);
    for row in [
        0,
        1,
        27_776,
        27_779,
        HUGE / 3,
        HUGE - 40_000,
        HUGE - 11,
        HUGE - 10,
    ] {
        let at = list.position_of_row(row);
        assert_eq!((at.row, at.px), (row, 0.0));
        assert!((0.0..=list.max_top()).contains(&at.top));
        // The event that setting the offset causes must not move the reader.
        assert_eq!(list.after_scroll(at, at.top).row, row);
    }
    assert_eq!(list.position_of_row(HUGE - 1), list.end());
}

#[test]
fn revealing_moves_no_further_than_needed() {
    let list = list(HUGE);
    let at = list.position_of_row(500);
    assert_eq!(list.reveal(at, 505), at);
    assert_eq!(list.reveal(at, 499).row, 499);
    assert_eq!(list.reveal(at, 510).row, 501);
    assert_eq!(list.reveal(at, HUGE).row, HUGE - 10);
    let odd = Geometry {
        viewport: 350.0,
        ..list
    };
    let revealed = odd.reveal(odd.position_of_row(500), 510);
    assert_eq!((revealed.row, revealed.px), (501, 10.0));
}

#[test]
fn steps_stop_at_the_ends() {
    let list = list(HUGE);
    let near = list.position_of_row(1);
    let start = list.after_scroll(Position { top: 500.0, ..near }, 100.0);
    assert_eq!((start.row, start.px), (0, 0.0));
    let end = list.end();
    let beyond = list.after_scroll(
        Position {
            top: end.top - 600.0,
            ..end
        },
        end.top - 400.0,
    );
    assert_eq!((beyond.row, beyond.px), (end.row, end.px));
}
