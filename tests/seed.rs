//! Every `grid run` example of the seed document, copied verbatim, gives the trials that the
//! document lists.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use sweep_planner::internals::sweep::{Plan, Settings, read};

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const DOCUMENT: &str = include_str!("data/seed_document.rst.txt");

/// The document's code blocks in order, with their indentation.
fn code_blocks() -> Vec<String> {
    let mut blocks = Vec::new();
    let mut lines = DOCUMENT.lines();
    while let Some(line) = lines.next() {
        if line.trim() != ".. code:: bash" {
            continue;
        }
        let body = lines.by_ref().skip_while(|line| line.trim().is_empty());
        let body = body.take_while(|line| line.is_empty() || line.starts_with(' '));
        blocks.push(body.collect::<Vec<_>>().join("\n"));
    }
    blocks
}

/// The command lines of all trials of a text that has no errors.
fn argvs_of_text(text: &str) -> Vec<Vec<String>> {
    let reading = read(text, &Settings::default());
    assert!(!reading.has_errors(), "{text}: {:?}", reading.diagnostics);
    argvs_of_plan(&reading.plan)
}

fn argvs_of_plan(plan: &Plan) -> Vec<Vec<String>> {
    (0..plan.len())
        .map(|position| plan.argv(&plan.trial(position).unwrap()))
        .collect()
}

/// `main.py` in the range example is the document's slip for `file.py`.
fn without_slip(text: &str) -> String {
    text.replace("main.py", "file.py")
}

#[test]
fn the_document_has_its_seventeen_examples() {
    let blocks = code_blocks();
    assert_eq!(blocks.len(), 17);
    assert!(blocks.iter().all(|block| block.contains("grid run ")));
}

#[test]
fn shortcuts_stand_for_what_the_document_lists() {
    let blocks = code_blocks();
    for (shortcut, listed) in [(4, 3), (5, 6), (7, 8), (9, 10), (13, 14)] {
        assert_eq!(
            argvs_of_text(&blocks[shortcut]),
            argvs_of_text(&without_slip(&blocks[listed])),
            "{}",
            blocks[shortcut]
        );
    }
}

#[test]
fn separate_commands_are_trials_with_a_column() {
    for (block, sizes) in [(1, ["8", "16", "32", "64"]), (3, ["8", "16", "32", "64"])] {
        let text = &code_blocks()[block];
        let reading = read(text, &Settings::default());
        assert!(reading.diagnostics.is_empty(), "{:?}", reading.diagnostics);
        let plan = &reading.plan;
        assert_eq!((plan.len(), plan.parts().len()), (4, 4));
        assert_eq!(plan.columns(), ["--batch_size"]);
        let column = (0..4).map(|i| plan.value(&plan.trial(i).unwrap(), 0).unwrap().into_owned());
        assert_eq!(column.collect::<Vec<_>>(), sizes);
    }
}

#[test]
fn single_commands_are_one_trial() {
    let blocks = code_blocks();
    assert_eq!(
        argvs_of_text(&blocks[0]),
        [["file.py", "--batch_size", "8"]]
    );
    assert_eq!(
        argvs_of_text(&blocks[2]),
        [["cifar5.py", "--data_dir", "/datastores/cifar5"]]
    );
    let reading = read(&blocks[2], &Settings::default());
    let options = reading.options().unwrap();
    assert_eq!(options.datastore_name.as_deref(), Some("cifar5"));
}

/// `np.random.seed(s); np.random.uniform(1e-5, 1e-1, 3)` for the seed shown.
#[test]
fn uniform_shows_numpys_values() {
    let text = &code_blocks()[11];
    for (seed, values) in [
        (
            0,
            [
                "0.05488586225769321",
                "0.07152178474357823",
                "0.06028030997340368",
            ],
        ),
        (
            42,
            [
                "0.037460266483547784",
                "0.09507192349792752",
                "0.0732020742417224",
            ],
        ),
    ] {
        let reading = read(
            text,
            &Settings {
                drawn_seed: seed,
                ..Settings::default()
            },
        );
        let found: Vec<_> = argvs_of_plan(&reading.plan)
            .into_iter()
            .map(|mut argv| argv.pop().unwrap())
            .collect();
        assert_eq!(found, values);
    }
}

#[test]
fn random_search_shows_two_of_the_four() {
    let blocks = code_blocks();
    let four = argvs_of_text(&blocks[13]);
    let listed = argvs_of_text(&blocks[16]);
    assert!(
        listed.iter().all(|trial| four.contains(trial)),
        "the document's own two are among them"
    );
    let mut seen = std::collections::HashSet::new();
    for seed in 0..64 {
        let plan = read(
            &blocks[15],
            &Settings {
                drawn_seed: seed,
                ..Settings::default()
            },
        )
        .plan;
        let two = argvs_of_plan(&plan);
        assert_eq!(two.len(), 2);
        assert!(two[0] != two[1] && two.iter().all(|trial| four.contains(trial)));
        seen.insert(two);
    }
    assert_eq!(seen.len(), 6, "every pair comes up among 64 seeds");
}
