//! How text looks: what SGR sequences (`CSI … m`) set.

use anstyle_parse::Params;

use super::color::{self, Theme};

/// A colour as a program names it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) enum Color {
    /// The reader's own.
    #[default]
    Default,
    /// One of the palette of 256.
    Indexed(u8),
    /// Red, green and blue.
    Rgb([u8; 3]),
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Style {
    pub(super) foreground: Color,
    pub(super) background: Color,
    pub(super) dim: bool,
    pub(super) inverse: bool,
    pub(super) bold: bool,
    pub(super) italic: bool,
    pub(super) underline: bool,
    pub(super) struck: bool,
}

impl Style {
    pub(super) const DEFAULT: Style = Style {
        foreground: Color::Default,
        background: Color::Default,
        dim: false,
        inverse: false,
        bold: false,
        italic: false,
        underline: false,
        struck: false,
    };

    /// Whether blanks in this style can be seen.
    pub(super) fn shows_blanks(self) -> bool {
        self.background != Color::Default || self.inverse || self.underline || self.struck
    }

    /// Takes over the parameters of an SGR sequence; what it does not know (blinking, fonts, hidden
    /// text) it leaves out.
    pub(super) fn apply(&mut self, params: &Params) {
        let mut params = params.iter();
        while let Some(param) = params.next() {
            let code = param.first().copied().unwrap_or(0);
            match code {
                0 => *self = Style::DEFAULT,
                1 => self.bold = true,
                2 => self.dim = true,
                3 => self.italic = true,
                4 => self.underline = param.get(1) != Some(&0),
                7 => self.inverse = true,
                9 => self.struck = true,
                21 => self.underline = true,
                22 => (self.bold, self.dim) = (false, false),
                23 => self.italic = false,
                24 => self.underline = false,
                27 => self.inverse = false,
                29 => self.struck = false,
                30..=37 => self.foreground = indexed(code - 30),
                38 => set(&mut self.foreground, read_color(param, &mut params)),
                39 => self.foreground = Color::Default,
                40..=47 => self.background = indexed(code - 40),
                48 => set(&mut self.background, read_color(param, &mut params)),
                49 => self.background = Color::Default,
                // The colour of underlines: read, so that its numbers are not taken for others.
                58 => drop(read_color(param, &mut params)),
                90..=97 => self.foreground = indexed(code - 90 + 8),
                100..=107 => self.background = indexed(code - 100 + 8),
                _ => {}
            }
        }
    }

    /// CSS declarations, empty for the default. Text has a contrast of 4.5 or more in both themes (WCAG
    /// 2.2, AA), whatever colours the program asked for.
    pub(crate) fn to_css(self) -> String {
        let mut css = String::new();
        let [light, dark] = [Theme::LIGHT, Theme::DARK].map(|theme| color::resolve(self, theme));
        if self.foreground != Color::Default || self.dim || self.shows_background() {
            push_color(&mut css, "color:", light.0, dark.0);
        }
        if self.shows_background() {
            push_color(&mut css, "background:", light.1, dark.1);
        }
        if self.bold {
            css.push_str("font-weight:600;");
        }
        if self.italic {
            css.push_str("font-style:italic;");
        }
        match (self.underline, self.struck) {
            (true, true) => css.push_str("text-decoration:underline line-through;"),
            (true, false) => css.push_str("text-decoration:underline;"),
            (false, true) => css.push_str("text-decoration:line-through;"),
            (false, false) => {}
        }
        css
    }

    pub(super) fn shows_background(self) -> bool {
        self.background != Color::Default || self.inverse
    }
}

fn set(color: &mut Color, read: Option<Color>) {
    if let Some(read) = read {
        *color = read;
    }
}

fn indexed(index: u16) -> Color {
    u8::try_from(index).map_or(Color::Default, Color::Indexed)
}

/// The colour behind 38, 48 or 58: `38:5:N`, `38:2:R:G:B`, `38:2:SPACE:R:G:B` within the parameter,
/// or `38;5;N`, `38;2;R;G;B`, which takes the next parameters.
fn read_color<'a>(own: &[u16], next: &mut impl Iterator<Item = &'a [u16]>) -> Option<Color> {
    let rgb = |parts: [u16; 3]| {
        let [red, green, blue] = parts.map(u8::try_from);
        Some(Color::Rgb([red.ok()?, green.ok()?, blue.ok()?]))
    };
    let palette = |index: u16| u8::try_from(index).ok().map(Color::Indexed);
    match *own {
        [_] => {
            let mut number = || next.next().and_then(|param| param.first().copied());
            match number()? {
                5 => palette(number()?),
                2 => rgb([number()?, number()?, number()?]),
                _ => None,
            }
        }
        [_, 5, index, ..] => palette(index),
        [_, 2, red, green, blue] | [_, 2, _, red, green, blue, ..] => rgb([red, green, blue]),
        _ => None,
    }
}

/// One declaration. A browser that does not know `light-dark` (older than 2024) leaves it out.
fn push_color(css: &mut String, property: &str, light: [u8; 3], dark: [u8; 3]) {
    css.push_str(property);
    if light == dark {
        push_hex(css, light);
    } else {
        css.push_str("light-dark(");
        push_hex(css, light);
        css.push(',');
        push_hex(css, dark);
        css.push(')');
    }
    css.push(';');
}

fn push_hex(css: &mut String, color: [u8; 3]) {
    css.push('#');
    for byte in color {
        for digit in [byte >> 4, byte & 15] {
            css.push(char::from_digit(digit.into(), 16).unwrap_or('0'));
        }
    }
}
