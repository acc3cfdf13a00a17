//! Markers: the compact, printable signs that stand for what was not let through.

/// A sign such as `‹ZWSP›`, or `‹ZWSP ×300›` for a flood.
#[derive(Debug)]
pub(super) struct Marker<'a> {
    text: &'a str,
    times: usize,
}

impl<'a> Marker<'a> {
    pub fn text(text: &'a str) -> Self {
        Self { text, times: 1 }
    }

    pub fn times(self, times: usize) -> Self {
        Self { times, ..self }
    }

    pub fn write(&self, out: &mut String) {
        out.push('‹');
        out.push_str(self.text);
        if self.times > 1 {
            out.push_str(" ×");
            push_count(self.times, out);
        }
        out.push('›');
    }
}

/// Writes a count with thousands separated: `1,048,576`.
pub(super) fn push_count(count: usize, out: &mut String) {
    let digits = count.to_string();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
}

/// Writes the control picture of a C0 character or DEL, counted when there are several in a row: `␈×8`.
pub(super) fn push_control(control: u8, times: usize, out: &mut String) {
    let picture = match control {
        0x7f => '␡',
        byte => char::from_u32(0x2400 + u32::from(byte)).unwrap_or('\u{fffd}'),
    };
    out.push(picture);
    if times > 1 {
        out.push('×');
        push_count(times, out);
    }
}
