//! The second pass: what a screen puts into one cell.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::marker::{Marker, push_count};

/// Marks on one character that are kept. Vietnamese needs two, Hebrew and Arabic up to four.
const MARKS: usize = 4;
/// Characters in one cluster that are kept together. The longest Indic conjuncts have about ten.
const CLUSTER_CHARS: usize = 16;

/// Makes sure that every cluster has at least one cell, few marks, few characters, and the same width whether a
/// terminal adds up characters or looks at the whole.
pub(super) fn clusters(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for cluster in text.graphemes(true) {
        match cluster.width() {
            _ if cluster.len() == 1 => out.push_str(cluster),
            0 => without_base(cluster, &mut out),
            _ => with_base(cluster, &mut out),
        }
    }
    out
}

/// Marks that stand on nothing get something to stand on. What cannot stand on anything is named.
fn without_base(cluster: &str, out: &mut String) {
    let on_circle = format!("◌{cluster}");
    if on_circle.graphemes(true).count() == 1 {
        with_base(&on_circle, out);
    } else {
        cluster.chars().for_each(|c| Marker::text(&format!("U+{:04X}", u32::from(c))).write(out));
    }
}

fn with_base(cluster: &str, out: &mut String) {
    let mut begun = out.len();
    let (mut chars, mut marks, mut dropped) = (0, 0, 0);
    for c in cluster.chars() {
        let width = c.width().unwrap_or(0);
        if width == 0 {
            marks += 1;
            if marks > MARKS {
                dropped += 1;
                continue;
            }
        }
        chars += 1;
        let so_far = out[begun..].width();
        let at = out.len();
        out.push(c);
        if out[begun..].width() != so_far + width || chars > CLUSTER_CHARS {
            // A seam that can be seen: the character stands for itself, on its own cell.
            out.insert(at, '◌');
            begun = at;
            chars = 1;
        }
    }
    if dropped > 0 {
        out.push_str("‹+");
        push_count(dropped, out);
        out.push_str(" marks›");
    }
}
