//! A picture that a phone's camera understands, made of characters.
//!
//! Two modules stand in one cell, one above the other, as `▀` and `▄`; so the picture is about square, and a `tel:` link
//! fits a screen of 40x20. In ASCII a module takes two cells of its own.

use qrcode::{Color, EcLevel, QrCode};

/// A picture.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Picture {
    /// Modules of one side, the margin included.
    side: usize,
    dark: Vec<bool>,
}

/// How modules become characters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ink {
    /// Characters are dark: black on white paper, or a terminal that is told so.
    Dark,
    /// Characters are light: a terminal with a dark background.
    Light,
    /// The same as light, of `#` only.
    Ascii,
}

/// Why there is no picture.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum QrError {
    #[error("this is more than a QR code can hold")]
    TooLong,
    #[error("the picture takes {columns}x{rows} cells")]
    TooLarge { columns: usize, rows: usize },
}

/// The margin that readers are promised, in modules.
const MARGIN: usize = 4;
/// What phones need in truth, for screens on which the promised one does not fit.
const SMALL_MARGIN: usize = 2;

/// Draws a text so that it fits a screen: with the best protection against scratches and reflections that does.
///
/// # Errors
/// When it fits no QR code, or not this screen.
pub fn draw(text: &str, columns: usize, rows: usize) -> Result<Picture, QrError> {
    let mut smallest = None;
    for margin in [MARGIN, SMALL_MARGIN] {
        for level in [EcLevel::M, EcLevel::L] {
            let Ok(code) = QrCode::with_error_correction_level(text, level) else { continue };
            let picture = Picture::new(&code, margin);
            if picture.columns() <= columns && picture.rows_needed() <= rows {
                return Ok(picture);
            }
            smallest = Some((picture.columns(), picture.rows_needed()));
        }
    }
    Err(smallest.map_or(QrError::TooLong, |(columns, rows)| QrError::TooLarge { columns, rows }))
}

impl Picture {
    fn new(code: &QrCode, margin: usize) -> Self {
        let inner = code.width();
        let side = inner + 2 * margin;
        let mut dark = vec![false; side * side];
        for (index, color) in code.to_colors().into_iter().enumerate() {
            dark[(index / inner + margin) * side + index % inner + margin] = color == Color::Dark;
        }
        Self { side, dark }
    }

    /// Returns the cells of a row.
    pub fn columns(&self) -> usize {
        self.side
    }

    /// Returns the rows that it takes.
    pub fn rows_needed(&self) -> usize {
        self.side.div_ceil(2)
    }

    /// Whether a module is dark. Below the last row it is light.
    fn is_dark(&self, x: usize, y: usize) -> bool {
        y < self.side && self.dark[y * self.side + x]
    }

    /// Returns the rows of characters.
    pub fn rows(&self, ink: Ink) -> Vec<String> {
        if ink == Ink::Ascii {
            let row = |y| (0..self.side).map(|x| if self.is_dark(x, y) { "  " } else { "##" }).collect();
            return (0..self.side).map(row).collect();
        }
        let cell = |x: usize, y: usize| {
            let inked = |y| self.is_dark(x, y) == (ink == Ink::Dark);
            match (inked(y), inked(y + 1)) {
                (true, true) => '█',
                (true, false) => '▀',
                (false, true) => '▄',
                (false, false) => ' ',
            }
        };
        (0..self.side).step_by(2).map(|y| (0..self.side).map(|x| cell(x, y)).collect()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads the printed characters as a camera would.
    fn read(rows: &[String], ink: Ink) -> String {
        const PIXELS: usize = 4;
        let mut modules: Vec<Vec<bool>> = Vec::new();
        for row in rows {
            if ink == Ink::Ascii {
                modules.push(row.chars().step_by(2).map(|cell| cell == ' ').collect());
                continue;
            }
            let dark = |inked: bool| inked == (ink == Ink::Dark);
            modules.push(row.chars().map(|cell| dark("█▀".contains(cell))).collect());
            modules.push(row.chars().map(|cell| dark("█▄".contains(cell))).collect());
        }
        let (width, height) = (modules[0].len() * PIXELS, modules.len() * PIXELS);
        let light = |x: usize, y: usize| if modules[y / PIXELS][x / PIXELS] { 0 } else { 255 };
        let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, height, light);
        let grids = image.detect_grids();
        assert_eq!(grids.len(), 1, "{rows:#?}");
        grids[0].decode().unwrap().1
    }

    #[test]
    fn a_camera_reads_what_is_printed() {
        for ink in [Ink::Dark, Ink::Light, Ink::Ascii] {
            for text in
                ["tel:+4930901820", "tel:+12125551234;ext=4711", "tel:112", "BEGIN:VCARD\r\nFN:Kim Müller\r\nEND:VCARD"]
            {
                let rows = draw(text, 200, 200).unwrap().rows(ink);
                assert_eq!(read(&rows, ink), text, "{ink:?}");
            }
        }
    }

    #[test]
    fn the_longest_number_with_its_extension_fits_the_smallest_screen() {
        for text in
            ["tel:112", "tel:+123456789012345", "tel:+123456789012345;ext=12345", "tel:+123456789012345,,123456%23"]
        {
            let picture = draw(text, 40, 20).unwrap();
            assert!(picture.columns() <= 40 && picture.rows_needed() <= 20, "{text}");
            assert_eq!(picture.rows(Ink::Light).len(), picture.rows_needed());
            assert_eq!(read(&picture.rows(Ink::Light), Ink::Light), text);
        }
    }

    #[test]
    fn what_does_not_fit_says_how_large_it_would_be() {
        assert!(matches!(draw(&"x".repeat(300), 40, 20), Err(QrError::TooLarge { columns: 60.., .. })));
        assert_eq!(draw(&"x".repeat(10_000), 400, 400), Err(QrError::TooLong));
    }
}
