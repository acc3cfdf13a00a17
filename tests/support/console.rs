//! Pressing keys in a console that has no terminal, and reading its screen.

use crashcart::action::keymap;
use crashcart::app::App;
use crashcart::app::effect::Effect;
use crashcart::app::event::{Event, EventKind, Input};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// The size that most of these tests look at.
pub const SIZE: (u16, u16) = (80, 24);

/// Presses keys, named as in the configuration, with blanks between them. Returns everything that is asked for.
pub fn press(app: &mut App, keys: &str) -> Vec<Effect> {
    let one = |key: &str| {
        let (at, key) = (app.world().now, keymap::parse(key).expect("a key"));
        app.update(Event { at, kind: EventKind::Input(Input::Key(key)) })
    };
    keys.split(' ').flat_map(one).collect()
}

/// Returns the screen's text.
pub fn screen(app: &App) -> String {
    let area = Rect::new(0, 0, SIZE.0, SIZE.1);
    let mut buf = Buffer::empty(area);
    app.view(area, &mut buf);
    let row = |y| (0..SIZE.0).map(|x| buf[(x, y)].symbol().to_owned()).collect::<String>();
    (0..SIZE.1).map(row).collect::<Vec<_>>().join("\n")
}
