//! From the names that the configuration holds to styles.

use ratatui::style::{Color, Modifier, Style};

/// What a piece of the screen means. Views ask for meanings, themes answer with styles.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    Text,
    /// Beside the point: labels, ages of live values, second halves of rows.
    Dim,
    /// Structure: rules, separators, axes.
    Faint,
    /// Headings.
    Title,
    /// What has the focus, and keys that can be pressed.
    Accent,
    Down,
    Degraded,
    Unknown,
    Healthy,
    /// The selected row, where the focus is and where it is not.
    Selected,
    SelectedElsewhere,
    /// A search match, and the one that the cursor is on.
    Match,
    MatchHere,
    /// The banner that must not be overlooked.
    Alarm,
}

impl Role {
    const COUNT: usize = Self::Alarm as usize + 1;
}

/// A named set of styles.
#[derive(Debug)]
pub struct Theme {
    pub name: &'static str,
    styles: [Style; Role::COUNT],
    /// Colours by which merged log sources are told apart.
    pub sources: [Style; 6],
}

impl Theme {
    /// Returns the style of a role.
    pub fn style(&self, role: Role) -> Style {
        self.styles[role as usize]
    }

    /// Returns the theme with that name.
    pub fn named(name: &str) -> Option<&'static Self> {
        THEMES.iter().copied().find(|theme| theme.name == name)
    }

    /// Returns the theme after this one.
    pub fn next(&self) -> &'static Self {
        let here = THEMES.iter().position(|theme| theme.name == self.name).unwrap_or(0);
        THEMES[(here + 1) % THEMES.len()]
    }
}

/// Every theme, in the order in which a key goes through them.
pub static THEMES: &[&Theme] = &[&DARK, &LIGHT, &HIGH_CONTRAST, &COLOUR_BLIND, &SIXTEEN, &MONO];

const fn fg(color: Color) -> Style {
    Style::new().fg(color)
}

const fn rgb(hex: u32) -> Color {
    Color::Rgb((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
}

/// The colours that differ between two coloured themes. Everything else is the same arrangement.
struct Palette {
    text: Color,
    dim: Color,
    faint: Color,
    accent: Color,
    down: Color,
    degraded: Color,
    unknown: Color,
    healthy: Color,
    selected: Color,
    selected_elsewhere: Color,
    /// Background of a search match; its text is `ink`.
    matched: Color,
    /// Text on coloured ground.
    ink: Color,
    sources: [Color; 6],
}

const fn theme(name: &'static str, p: &Palette) -> Theme {
    let bold = Modifier::BOLD;
    Theme {
        name,
        styles: [
            fg(p.text),
            fg(p.dim),
            fg(p.faint),
            fg(p.text).add_modifier(bold),
            fg(p.accent),
            fg(p.down).add_modifier(bold),
            fg(p.degraded),
            fg(p.unknown),
            fg(p.healthy),
            Style::new().bg(p.selected),
            Style::new().bg(p.selected_elsewhere),
            fg(p.ink).bg(p.matched),
            fg(p.ink).bg(p.accent),
            fg(p.ink).bg(p.down).add_modifier(bold),
        ],
        sources: [
            fg(p.sources[0]),
            fg(p.sources[1]),
            fg(p.sources[2]),
            fg(p.sources[3]),
            fg(p.sources[4]),
            fg(p.sources[5]),
        ],
    }
}

/// For a dark terminal. Text keeps the terminal's own colour, so that it fits whatever the user has chosen.
static DARK: Theme = theme(
    "dark",
    &Palette {
        text: Color::Reset,
        dim: rgb(0x8b_93_a5),
        faint: rgb(0x4b_53_65),
        accent: rgb(0x7d_b4_f0),
        down: rgb(0xf7_6d_6d),
        degraded: rgb(0xe8_b9_5a),
        unknown: rgb(0xb8_9c_f0),
        healthy: rgb(0x86_c1_7e),
        selected: rgb(0x2c_36_48),
        selected_elsewhere: rgb(0x22_28_33),
        matched: rgb(0xd9_b7_4a),
        ink: rgb(0x14_18_1f),
        sources: [rgb(0x6c_c3_c1), rgb(0xc7_a0_6b), rgb(0x9a_b8_e8), rgb(0xd0_8f_b8), rgb(0xa5_c0_68), rgb(0xa9_9c_d8)],
    },
);

/// For a light terminal.
static LIGHT: Theme = theme(
    "light",
    &Palette {
        text: Color::Reset,
        dim: rgb(0x5f_67_76),
        faint: rgb(0xb4_ba_c6),
        accent: rgb(0x1d_5f_b8),
        down: rgb(0xc4_1e_2b),
        degraded: rgb(0x96_5d_00),
        unknown: rgb(0x6f_3f_c0),
        healthy: rgb(0x2c_78_3a),
        selected: rgb(0xd6_e3_f5),
        selected_elsewhere: rgb(0xea_ee_f4),
        matched: rgb(0xf0_cf_5c),
        ink: rgb(0xff_ff_ff),
        sources: [rgb(0x0f_76_74), rgb(0x8a_55_12), rgb(0x30_5d_a8), rgb(0x99_34_79), rgb(0x4e_6e_0e), rgb(0x5d_49_b0)],
    },
);

/// For a screen in sunlight or tired eyes: nothing is dim.
static HIGH_CONTRAST: Theme = theme(
    "high-contrast",
    &Palette {
        text: rgb(0xff_ff_ff),
        dim: rgb(0xd8_d8_d8),
        faint: rgb(0xa0_a0_a0),
        accent: rgb(0x5f_d7_ff),
        down: rgb(0xff_5f_5f),
        degraded: rgb(0xff_d7_00),
        unknown: rgb(0xff_87_ff),
        healthy: rgb(0x5f_ff_5f),
        selected: rgb(0x00_3f_7f),
        selected_elsewhere: rgb(0x30_30_30),
        matched: rgb(0xff_ff_00),
        ink: rgb(0x00_00_00),
        sources: [rgb(0x5f_ff_ff), rgb(0xff_d7_87), rgb(0xaf_d7_ff), rgb(0xff_af_ff), rgb(0xd7_ff_5f), rgb(0xd7_d7_ff)],
    },
);

/// Okabe and Ito's colours: told apart with every common kind of colour blindness. Good is blue, bad is vermilion.
static COLOUR_BLIND: Theme = theme(
    "colour-blind",
    &Palette {
        text: Color::Reset,
        dim: rgb(0x8e_95_a3),
        faint: rgb(0x50_57_66),
        accent: rgb(0xe6_e6_e6),
        down: rgb(0xe8_6a_10),
        degraded: rgb(0xf0_e4_42),
        unknown: rgb(0xcc_79_a7),
        healthy: rgb(0x56_b4_e9),
        selected: rgb(0x2c_36_48),
        selected_elsewhere: rgb(0x22_28_33),
        matched: rgb(0xf0_e4_42),
        ink: rgb(0x10_10_10),
        sources: [rgb(0x56_b4_e9), rgb(0xe6_9f_00), rgb(0x9f_c9_b8), rgb(0xcc_79_a7), rgb(0xf0_e4_42), rgb(0xb0_b0_d0)],
    },
);

/// The sixteen colours that every terminal has, as the user has set them.
static SIXTEEN: Theme = theme(
    "16",
    &Palette {
        text: Color::Reset,
        dim: Color::DarkGray,
        faint: Color::DarkGray,
        accent: Color::Cyan,
        down: Color::LightRed,
        degraded: Color::Yellow,
        unknown: Color::Magenta,
        healthy: Color::Green,
        selected: Color::Blue,
        selected_elsewhere: Color::Black,
        matched: Color::Yellow,
        ink: Color::Black,
        sources: [Color::Cyan, Color::Yellow, Color::Blue, Color::Magenta, Color::Green, Color::LightBlue],
    },
);

/// No colour at all (`NO_COLOR`): weight, reverse and underline carry what colour did.
static MONO: Theme = Theme {
    name: "mono",
    styles: [
        Style::new(),
        Style::new().add_modifier(Modifier::DIM),
        Style::new().add_modifier(Modifier::DIM),
        Style::new().add_modifier(Modifier::BOLD),
        Style::new().add_modifier(Modifier::BOLD),
        Style::new().add_modifier(Modifier::BOLD),
        Style::new().add_modifier(Modifier::BOLD),
        Style::new(),
        Style::new(),
        Style::new().add_modifier(Modifier::REVERSED),
        Style::new(),
        Style::new().add_modifier(Modifier::UNDERLINED),
        Style::new().add_modifier(Modifier::REVERSED),
        Style::new().add_modifier(Modifier::REVERSED).add_modifier(Modifier::BOLD),
    ],
    sources: [Style::new(); 6],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_goes_through_all_themes_and_comes_back() {
        let mut theme = &DARK;
        for _ in THEMES {
            assert!(std::ptr::eq(Theme::named(theme.name).unwrap(), theme));
            theme = theme.next();
        }
        assert_eq!(theme.name, "dark");
    }

    #[test]
    fn the_theme_without_colour_has_none() {
        for style in MONO.styles.iter().chain(&MONO.sources) {
            assert_eq!((style.fg, style.bg), (None, None));
        }
    }
}
