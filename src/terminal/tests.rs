//! The bytes of bars and tables are what tqdm 4.70, rich 15, Keras 3 and fastai 2 wrote.

use super::*;
use crate::testing::test;

fn shown_of(terminal: &Terminal) -> String {
    let numbers = terminal.block_numbers();
    let blocks = numbers.flat_map(|number| terminal.block(number).to_vec());
    let all: Vec<Piece> = blocks.chain(terminal.rest()).collect();
    all.into_iter().map(|piece| piece.text).collect()
}

/// The text that stands after an output, which is the same however it is cut.
fn text_after(output: &str) -> String {
    let mut whole = Terminal::default();
    whole.write(output);
    let mut pieces = Terminal::default();
    for character in output.chars() {
        pieces.write(character.encode_utf8(&mut [0; 4]));
    }
    assert_eq!(whole, pieces);
    shown_of(&whole)
}

fn styles(output: &str) -> Vec<(String, String)> {
    let mut terminal = Terminal::default();
    terminal.write(output);
    let rest = terminal.rest().into_iter();
    rest.map(|piece| (piece.text, piece.style.to_css()))
        .collect()
}

#[test]
fn bars_end_as_their_last_state() {
    let tqdm = "\r  0%|     | 0/3 [00:00<?, ?it/s]\r 33%|███  | 1/3 [00:00<00:00, 149796.57it/s]\
                \r100%|██████| 3/3 [00:00<00:00, 11554.56it/s]\ndone\n";
    assert_eq!(
        text_after(tqdm),
        "100%|██████| 3/3 [00:00<00:00, 11554.56it/s]\ndone\n"
    );
    let nested = "\repochs:   0%|     | 0/2 [00:00<?, ?it/s]\n\rbatch:   0%|      | 0/2 [00:00<?, ?it/s]\x1b[A\
                  \n\rbatch: 100%|#####| 2/2 [00:00<00:00, 9.13it/s]\x1b[A\
                  \n\r                                              \x1b[A\
                  \repochs: 100%|#####| 2/2 [00:00<00:00, 3.27it/s]\n";
    assert_eq!(
        text_after(nested),
        "epochs: 100%|#####| 2/2 [00:00<00:00, 3.27it/s]\n"
    );
    let keras = "Epoch 2/3\n\r\x1b[1m 1/22\x1b[0m \x1b[37m━━━━\x1b[0m \x1b[1m0s\x1b[0m 3ms/step - loss: 0.7895\
                 \x08\x08\x08\x08\x08\x08\x08\x08\x08\x08\x08\x08\x08\x08\x08\x08\x08\x08\x08\x08\x08\x08\x08\x08\
                 \r\x1b[1m22/22\x1b[0m \x1b[32m━━━━\x1b[0m\x1b[37m\x1b[0m \x1b[1m0s\x1b[0m 4ms/step - loss: 0.4676 - val_loss: 0.5\n";
    assert_eq!(
        text_after(keras),
        "Epoch 2/3\n22/22 ━━━━ 0s 4ms/step - loss: 0.4676 - val_loss: 0.5\n"
    );
    let fastai = "█\repoch     train_loss  time    \n█\r\rEpoch 1/4 : |------| 0.00% [0/7 00:00<?]\
                  \rEpoch 1/4 :                                 \r\rEpoch 1/4 :                                 \r\
                  0         0.412211    00:02     \n";
    assert_eq!(
        text_after(fastai),
        "epoch     train_loss  time\n0         0.412211    00:02\n"
    );
}

#[test]
fn live_displays_end_as_their_last_state() {
    let rich = "\x1b[?25l\r\x1b[2K\x1b[31mTraining\x1b[0m   ━━━━ \x1b[35m  0%\x1b[0m\n\x1b[32mValidation\x1b[0m ━━━━ \x1b[35m  0%\x1b[0m\
                \r\x1b[2K\x1b[1A\x1b[2Kepoch \x1b[1;36m0\x1b[0m\n\x1b[31mTraining\x1b[0m   ━━━━ 50%\n\x1b[32mValidation\x1b[0m ━━━━ 50%\
                \r\x1b[2K\x1b[1A\x1b[2K\x1b[31mTraining\x1b[0m   ━━━━ 100%\n\x1b[32mValidation\x1b[0m ━━━━ 100%\n\x1b[?25h";
    assert_eq!(
        text_after(rich),
        "epoch 0\nTraining   ━━━━ 100%\nValidation ━━━━ 100%\n"
    );
    // A display that goes to the top of the window: what stood before it stays.
    let display = "before\n\x1b[H\x1b[2Ja 1\nb 1\nc 1\n\x1b[H\x1b[2Ja 2\nb 2\n";
    assert_eq!(text_after(display), "before\na 2\nb 2\n");
    assert_eq!(
        text_after("x\x1b[2J\x1b[Ha 1\x1b[2;3Hb\x1b[Ha 2"),
        "x\na 2\n  b"
    );
    assert_eq!(text_after("one\ntwo\nthree\x1b[2A\r\x1b[Jleft"), "left");
    assert_eq!(text_after("1\n2\n3\x1b[2FA\x1b[EB\x1b[1d"), "A\nB\n3\n");
}

#[test]
fn the_cursor_moves_and_erases() {
    for (output, expected) in [
        ("abc\rx", "xbc"),
        ("abc\x08\x08x", "axc"),
        ("\x08\x08a\x1b[9Db", "b"),
        ("abc\r\n\r\nd", "abc\n\nd"),
        ("abcdef\x1b[3Dx\x1b[K", "abcx"),
        ("abcdef\x1b[3G\x1b[1Kx", "  xdef"),
        ("abcdef\x1b[2Kx", "      x"),
        ("a\x1b[3Cb", "a   b"),
        ("a\x1b[0Cb\x1b[Cc", "a b c"),
        ("a\x1b[2B\x1b[Db", "a\n\nb"),
        ("a\tb\tc\r\tB", "a\tB\tc"),
        ("a\tb\r12345", "12345   b"),
        ("a\x0bb\x0cc\x1bEd", "a\nb\nc\nd"),
        ("a\nb\x1bM\rc", "c\nb"),
    ] {
        assert_eq!(text_after(output), expected, "{output:?}");
    }
}

#[test]
fn what_is_not_text_is_left_out() {
    for (output, expected) in [
        ("a\0b\x07c\x7fd\u{85}e", "abcde"),
        ("\x1b]0;a title\x07a", "a"),
        (
            "\x1b]8;id=1;https://x.example\x1b\\a link\x1b]8;;\x1b\\.",
            "a link.",
        ),
        ("\x1b[?1049h\x1b[?2026$pa\x1b(B\x1b=b\x1b[>4;2m", "ab"),
        ("\x1bP1$r0m\x1b\\a\x1b^x\x1b\\b", "ab"),
        ("a\x1b[31", "a"),
        (
            "\x1b[38;2;1;2;3;4;5;6;7;8;9;1;2;3;4;5;6;7;8;9;1;2;3;4;5;6;7;8;9;1;2;3;4;5;6;7;8;9ma",
            "a",
        ),
    ] {
        assert_eq!(text_after(output), expected, "{output:?}");
    }
}

#[test]
fn wide_characters_and_accents_take_their_columns() {
    for (output, expected) in [
        ("模型x\ry", "y 型x"),
        ("模型x\x1b[2Gy", " y型x"),
        ("e\u{301}a\rb", "ba"),
        ("e\u{301}模\u{fe0f}!", "e\u{301}模\u{fe0f}!"),
        ("模\x1b[2G\x1b[K!", " !"),
        ("\u{301}a", "a"),
        ("👩\u{200d}💻 ok", "👩\u{200d}💻 ok"),
    ] {
        assert_eq!(text_after(output), expected, "{output:?}");
    }
    let stacked = text_after(&["a", &"\u{301}".repeat(1000)].concat());
    assert_eq!(stacked.chars().count(), 17);
}

#[test]
fn styles_are_read() {
    for (codes, css) in [
        ("1", "font-weight:600;"),
        (
            "3;4;9",
            "font-style:italic;text-decoration:underline line-through;",
        ),
        ("31", "color:light-dark(#cd3131,#d45151);"),
        ("38;5;208", "color:light-dark(#ac5b00,#ff8700);"),
        ("38;2;249;38;114", "color:light-dark(#d62062,#f92672);"),
        ("38:2::249:38:114", "color:light-dark(#d62062,#f92672);"),
        ("38:2:249:38:114", "color:light-dark(#d62062,#f92672);"),
        (
            "38;5;208;1",
            "color:light-dark(#ac5b00,#ff8700);font-weight:600;",
        ),
        ("58;5;1;3", "font-style:italic;"),
        ("41", "color:#ffffff;background:#cd3131;"),
        ("97;44", "color:#ffffff;background:#2472c8;"),
        (
            "7",
            "color:light-dark(#f5f5f2,#121316);background:light-dark(#191a1c,#ededeb);",
        ),
        ("2", "color:light-dark(#666767,#9fa09f);"),
        ("4:0", ""),
        ("8;5;73;38;38;5;38;2;1", ""),
        ("1;31;0", ""),
        ("1;2;3;4;7;9;31;41;22;23;24;27;29;39;49", ""),
        ("", ""),
    ] {
        let found = styles(&["\x1b[", codes, "mx"].concat());
        assert_eq!(found, [("x".to_owned(), css.to_owned())], "{codes}");
    }
}

#[test]
fn a_style_lasts_across_lines_and_spaces_that_it_shows_are_kept() {
    let found = styles("a \x1b[32mb\nc\x1b[0m  \n\x1b[41m  \x1b[0m  \n");
    let texts: Vec<&str> = found.iter().map(|(text, _)| text.as_str()).collect();
    assert_eq!(texts, ["a ", "b", "\n", "c", "\n", "  ", "\n"]);
    assert_eq!(found[1].1, found[3].1);
}

#[test]
fn an_endless_output_is_kept_at_its_end() {
    let mut terminal = Terminal::default();
    let many = 60_000;
    for number in 0..many {
        terminal.write(&["line ", &number.to_string(), " of many\n"].concat());
    }
    assert!(terminal.has_dropped());
    let text = shown_of(&terminal);
    assert!(text.ends_with("\nline 59998 of many\nline 59999 of many\n"));
    assert!(text.len() < KEPT_BYTES_MAX + 2 * BLOCK_BYTES && text.len() > KEPT_BYTES_MAX / 2);
    // What is kept is whole, from the first line on.
    let first: usize = text[5..text.find(" of").unwrap()].parse().unwrap();
    assert_eq!(text.lines().count(), many - first);
    let kept = terminal.block_numbers();
    assert!(kept.start > 0 && terminal.block(kept.start - 1).is_empty());
    assert!(terminal.block(kept.end).is_empty());
    assert!(terminal.last_text().ends_with("line 59999 of many\n"));
}

#[test]
fn a_line_without_an_end_goes_on_in_the_next() {
    let text = text_after(&"x".repeat(COLUMNS_MAX * 2 + 1));
    let lengths: Vec<usize> = text.lines().map(str::len).collect();
    assert_eq!(lengths, [COLUMNS_MAX, COLUMNS_MAX, 1]);
    let wide = text_after(&"模".repeat(COLUMNS_MAX));
    assert_eq!(wide.lines().count(), 2);
}

/// Each of these would take unbounded memory, or quadratic time, from a terminal that trusts its input.
#[test]
fn hostile_output_is_bounded() {
    let open = ["\x1b]0;", "\x1bP", "\x1b["].map(|start| [start, &"1".repeat(1 << 20)].concat());
    let [title, device, control] = &open;
    let far = "\x1b[65535C\x1b[65535Bx".repeat(100);
    let colours: String = (0..100_000)
        .map(|n| ["\x1b[38;5;", &(n % 256).to_string(), "mx"].concat())
        .collect();
    let accents = ["a\u{301}", "b"].concat().repeat(1000) + &"\rab".repeat(100_000);
    let up_and_down = "\x1b[65535A\x1b[65535d\n".repeat(10_000);
    for output in [
        title,
        device,
        control,
        &far,
        &colours,
        &accents,
        &up_and_down,
    ] {
        let mut terminal = Terminal::default();
        terminal.write(output);
        let screen = &terminal.screen;
        assert!(screen.live.len() <= LIVE_LINES_MAX);
        assert!(screen.live.iter().all(|line| line.len() <= COLUMNS_MAX));
        assert!(screen.kept_bytes <= KEPT_BYTES_MAX);
        assert!(screen.row < screen.live.len());
    }
}
