//! Colours of terminals that can be read on the page, in its light and in its dark theme.

use super::style::{Color, Style};

type Rgb = [u8; 3];

/// The least contrast of text with what is behind it: WCAG 2.2, AA.
const CONTRAST_MIN: f32 = 4.5;
const BLACK: Rgb = [0; 3];
const WHITE: Rgb = [255; 3];

/// The colours that a program leaves to the reader.
#[derive(Clone, Copy)]
pub(super) struct Theme {
    /// `--ink` of tokens.css.
    foreground: Rgb,
    /// `--sunken` of tokens.css.
    background: Rgb,
}

impl Theme {
    pub(super) const LIGHT: Theme = Theme {
        foreground: [0x19, 0x1A, 0x1C],
        background: [0xF5, 0xF5, 0xF2],
    };
    pub(super) const DARK: Theme = Theme {
        foreground: [0xED, 0xED, 0xEB],
        background: [0x12, 0x13, 0x16],
    };
}

/// The colours of text and of what is behind it. What is behind it is as the program asked for; the
/// text is made darker or lighter until it can be read.
pub(super) fn resolve(style: Style, theme: Theme) -> (Rgb, Rgb) {
    let own_back = rgb(style.background);
    let mut back = own_back.unwrap_or(theme.background);
    let readers_own = own_back.map_or(theme.foreground, farthest);
    let mut front = rgb(style.foreground).unwrap_or(readers_own);
    if style.inverse {
        std::mem::swap(&mut front, &mut back);
    }
    if style.dim {
        front = mix(front, back, 90);
    }
    (ensure_contrast(front, back), back)
}

/// The sixteen colours that have names, as editors' terminals show them; to be read, `resolve` adjusts them.
const NAMED: [Rgb; 16] = [
    [0x00, 0x00, 0x00],
    [0xCD, 0x31, 0x31],
    [0x0D, 0xBC, 0x79],
    [0xE5, 0xE5, 0x10],
    [0x24, 0x72, 0xC8],
    [0xBC, 0x3F, 0xBC],
    [0x11, 0xA8, 0xCD],
    [0xE5, 0xE5, 0xE5],
    [0x66, 0x66, 0x66],
    [0xF1, 0x4C, 0x4C],
    [0x23, 0xD1, 0x8B],
    [0xF5, 0xF5, 0x43],
    [0x3B, 0x8E, 0xEA],
    [0xD6, 0x70, 0xD6],
    [0x29, 0xB8, 0xDB],
    [0xFF, 0xFF, 0xFF],
];

/// `None` for the default. 16 to 231 is a cube of six steps a side, 232 to 255 a scale of greys (xterm's).
fn rgb(color: Color) -> Option<Rgb> {
    match color {
        Color::Default => None,
        Color::Rgb(rgb) => Some(rgb),
        Color::Indexed(index @ 0..=15) => Some(NAMED[usize::from(index)]),
        Color::Indexed(index @ 16..=231) => {
            let index = index - 16;
            let step = |step: u8| if step == 0 { 0 } else { 55 + 40 * step };
            Some([index / 36, index / 6 % 6, index % 6].map(step))
        }
        Color::Indexed(index) => Some([8 + 10 * (index - 232); 3]),
    }
}

/// The text's colour, mixed with as little black or white as makes it readable.
fn ensure_contrast(front: Rgb, back: Rgb) -> Rgb {
    if contrast(front, back) >= CONTRAST_MIN {
        return front;
    }
    let end = farthest(back);
    let (mut too_little, mut enough) = (0, 255);
    while too_little + 1 < enough {
        let middle = (too_little + enough) / 2;
        if contrast(mix(front, end, middle), back) >= CONTRAST_MIN {
            enough = middle;
        } else {
            too_little = middle;
        }
    }
    mix(front, end, enough)
}

/// Black or white: one of the two has a contrast of 4.58 or more with any colour.
fn farthest(color: Rgb) -> Rgb {
    if contrast(BLACK, color) > contrast(WHITE, color) {
        BLACK
    } else {
        WHITE
    }
}

/// `part` of 255 of the other colour.
fn mix(color: Rgb, other: Rgb, part: u16) -> Rgb {
    let blend = |one: u8, two: u8| {
        let sum = u16::from(one) * (255 - part) + u16::from(two) * part;
        u8::try_from(sum / 255).unwrap_or(u8::MAX)
    };
    [0, 1, 2].map(|at| blend(color[at], other[at]))
}

/// WCAG's contrast ratio, 1 to 21.
fn contrast(one: Rgb, two: Rgb) -> f32 {
    let (one, two) = (luminance(one), luminance(two));
    (one.max(two) + 0.05) / (one.min(two) + 0.05)
}

/// WCAG's relative luminance, 0 to 1.
fn luminance(color: Rgb) -> f32 {
    let linear = |byte: u8| {
        let value = f32::from(byte) / 255.0;
        if value <= 0.04045 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    };
    let [red, green, blue] = color.map(linear);
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    #[test]
    fn the_themes_are_the_pages() {
        let tokens = include_str!("../../style/tokens.css");
        let value = |part: &str, name: &str| {
            let (_, rest) = part.split_once(name).unwrap();
            let number = u32::from_str_radix(&rest[1..7], 16).unwrap();
            let [_, rgb @ ..] = number.to_be_bytes();
            rgb
        };
        let (light, dark) = tokens.split_once("prefers-color-scheme: dark").unwrap();
        for (theme, part) in [(Theme::LIGHT, light), (Theme::DARK, dark)] {
            assert_eq!(value(part, "--ink: "), theme.foreground);
            assert_eq!(value(part, "--sunken: "), theme.background);
        }
    }

    #[test]
    fn every_pair_of_colours_can_be_read_in_both_themes() {
        let colors: Vec<Color> = (0..=255).map(Color::Indexed).collect();
        let odd = [[1, 2, 250], [128, 127, 126], [255, 0, 1]].map(Color::Rgb);
        let all = [Color::Default].into_iter().chain(colors).chain(odd);
        let backs = [Color::Default, Color::Rgb([119; 3])];
        let backs: Vec<Color> = backs
            .into_iter()
            .chain((0..=255).step_by(5).map(Color::Indexed))
            .collect();
        for foreground in all {
            for background in &backs {
                for (dim, inverse) in [(false, false), (true, false), (false, true)] {
                    for theme in [Theme::LIGHT, Theme::DARK] {
                        let style = Style {
                            foreground,
                            background: *background,
                            dim,
                            inverse,
                            ..Style::DEFAULT
                        };
                        let (front, back) = resolve(style, theme);
                        assert!(contrast(front, back) >= CONTRAST_MIN, "{style:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_palette_is_xterms() {
        for (index, expected) in [
            (16, [0, 0, 0]),
            (21, [0, 0, 255]),
            (208, [255, 135, 0]),
            (231, [255, 255, 255]),
            (232, [8, 8, 8]),
            (255, [238, 238, 238]),
        ] {
            assert_eq!(rgb(Color::Indexed(index)), Some(expected));
        }
    }

    #[test]
    fn the_contrast_is_wcags() {
        assert!((contrast(BLACK, WHITE) - 21.0).abs() < 0.001);
        assert!((contrast([0x77; 3], WHITE) - 4.48).abs() < 0.01);
        assert_eq!(ensure_contrast([200, 0, 0], WHITE), [200, 0, 0]);
    }
}
