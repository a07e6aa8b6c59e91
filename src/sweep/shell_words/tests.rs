use super::*;
use crate::testing::test;

/// Splits a person's text, checking that every place fits: words in order, apart, each cooked
/// character found where it stands.
fn check(text: &str) -> (Vec<Vec<String>>, Vec<Kind>) {
    let (commands, diagnostics) = split(text, TextSource::Person);
    let mut end = 0;
    for command in &commands {
        for word in &command.words {
            assert!(
                word.span.start >= end,
                "{text:?}: {word:?} begins before {end}"
            );
            end = word.span.end;
            for (at, c) in word.text.char_indices() {
                let at = u32::try_from(at).unwrap();
                let place = word.locate(at, at + c.len_utf8() as u32);
                let there = place.slice(text);
                let dash = c == '-' && matches!(there, "–" | "—" | "-");
                assert!(
                    there.starts_with(c) || dash || there.is_empty(),
                    "{text:?}: {c:?} at {there:?}"
                );
            }
        }
    }
    let words = |command: &CommandWords| command.words.iter().map(|w| w.text.to_string()).collect();
    (
        commands.iter().map(words).collect(),
        diagnostics.into_iter().map(|d| d.kind).collect(),
    )
}

fn words(text: &str) -> Vec<Vec<String>> {
    let (commands, kinds) = check(text);
    assert_eq!(kinds, [], "{text:?}");
    commands
}

#[test]
fn quotes_and_escapes() {
    assert_eq!(words(r#"a 'b c' "d e" f\ g"#), [["a", "b c", "d e", "f g"]]);
    assert_eq!(
        words(r#"'a\b' "a\b" "a\"b" "a\\b" a\\b"#),
        [["a\\b", "a\\b", "a\"b", "a\\b", "a\\b"]]
    );
    assert_eq!(words(r#"a'b'"c"d '' """#), [["abcd", "", ""]]);
    assert_eq!(words("\"a\\\nb\" c\\\nd"), [["ab", "cd"]]);
    assert_eq!(words("'a\nb' \"c\nd\""), [["a\nb", "c\nd"]]);
    assert_eq!(words("a#b c # d 'e"), [["a#b", "c"]]);
    assert_eq!(words("é '日本' 🚀"), [["é", "日本", "🚀"]]);
}

#[test]
fn separators_and_prompts() {
    assert_eq!(
        words("a\nb;c && d\r\n\n\ne"),
        [["a"], ["b"], ["c"], ["d"], ["e"]]
    );
    assert_eq!(words("$ a\n% b\n  $ c"), [["a"], ["b"], ["c"]]);
    assert_eq!(words("a \\\n  b \\\r\n c"), [["a", "b", "c"]]);
    assert_eq!(words(" \t\n ;; \n"), Vec::<Vec<String>>::new());
    assert_eq!(words("5$ a$"), [["5$", "a$"]]);
}

#[test]
fn what_a_shell_would_change_is_said() {
    let kinds = |text: &str| check(text).1;
    assert!(matches!(
        kinds("a [1, 2]")[..],
        [Kind::UnquotedSweep { changed: true, .. }]
    ));
    assert!(matches!(
        kinds("a [1,2]")[..],
        [Kind::UnquotedSweep { changed: false, .. }]
    ));
    assert!(matches!(
        kinds("a uniform(0,1)")[..],
        [Kind::UnquotedSweep { changed: true, .. }]
    ));
    assert!(matches!(
        kinds("a 'b")[..],
        [Kind::UnclosedQuote { quote: '\'' }]
    ));
    assert!(matches!(
        kinds("a | b")[..],
        [Kind::ShellSyntax(ShellSyntax::Pipe)]
    ));
    assert!(matches!(
        kinds("a ${B}")[..],
        [Kind::ShellSyntax(ShellSyntax::Expansion { .. })]
    ));
    assert!(matches!(
        kinds("a “b”")[..],
        [Kind::TypographicQuote { .. }]
    ));
    assert!(matches!(kinds("a –b")[..], [Kind::Dash]));
    assert!(kinds("a {b} {} a{b c}").is_empty());
}

/// A `\` before the line's end means that the line goes on, whatever stands between the two that nobody
/// sees; at the end of the text it is no argument.
#[test]
fn lines_go_on_behind_what_nobody_sees() {
    let joined = |text: &str| {
        let (commands, kinds) = check(text);
        (commands, kinds.len())
    };
    let ab = vec![vec!["a".to_owned(), "b".to_owned()]];
    for text in ["a \\\nb", "a \\\r\nb", "a \\\rb", "a\\\n b"] {
        assert_eq!(joined(text), (ab.clone(), 0), "{text:?}");
    }
    for text in [
        "a \\ \nb",
        "a \\\t \r\nb",
        "a \\ \rb",
        "a \\\u{a0}\nb",
        "a \\\u{200b}\nb",
        "a \\ # why\n  b",
        "a ^\nb",
        "a `  \r\nb",
        "a b \\",
        "a b \\ ",
        "a b\\\u{feff} \t",
        "a b \\ # why",
    ] {
        assert_eq!(joined(text), (ab.clone(), 1), "{text:?}");
    }
    let apart = vec![
        vec!["a".to_owned()],
        vec!["grid".to_owned(), "run".to_owned()],
    ];
    assert_eq!(joined("a \\ \ngrid run"), (apart, 1));
}

/// Texts made to be slow: each bracket, quote or brace could search all that follows.
#[test]
fn cost_grows_with_the_length_only() {
    for piece in [
        "[ ", "( ", "$( ", "${ ", "` ", "‚ ", "{", "[[", "'\" ", "\\", "– ", "a=[ ", "„ ", "\\ \n",
        "^\n", "`\n", "\\ #", "&#;", "&quot;", "\u{1b}[", "\u{1b}]", "\u{ad}", "\u{ad}a ", "´",
        "â€", "~", "*", "!a", "\\a", "%", "$$", ";", "x;", "cd a;",
    ] {
        let text = piece.repeat(100_000 / piece.len());
        let (commands, _) = split(&text, TextSource::Person);
        assert!(
            commands.len() <= 1 || piece.contains([';', '\n']),
            "{piece}"
        );
        split(&text, TextSource::Client);
    }
}

/// What a config file's parameters hold is text to the client, whatever a shell would make of it.
#[test]
fn of_a_client_only_quotes_escapes_and_brackets_count() {
    let text = "f.py  --a b;c & d | e > $X \n--f #g –h “i j” {1,2} 'k l' \\  m \u{a0}n `o` [1, 2] (p q) uniform(0, 1) ( \\'r";
    let (commands, diagnostics) = split(text, TextSource::Client);
    assert_eq!(diagnostics, []);
    assert_eq!(commands.len(), 1);
    let words: Vec<&str> = commands[0]
        .words
        .iter()
        .map(|word| word.text.as_str())
        .collect();
    assert_eq!(
        words,
        [
            "f.py",
            "--a",
            "b;c",
            "&",
            "d",
            "|",
            "e",
            ">",
            "$X",
            "--f",
            "#g",
            "–h",
            "“i",
            "j”",
            "{1,2}",
            "k l",
            " ",
            "m",
            "\u{a0}n",
            "`o`",
            "[1, 2]",
            "(p q)",
            "uniform(0, 1)",
            "(",
            "'r",
        ]
    );
}
