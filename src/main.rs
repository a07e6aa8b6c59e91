//! Starts the page; nothing else.

fn main() {
    sweep_planner::page::start();
}
