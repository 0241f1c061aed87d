// SPDX-License-Identifier: MIT OR Apache-2.0
//! Bar charts: one bar a mechanism, its figure beside it.

use std::fmt::Write;

/// One bar.
#[derive(Debug)]
pub(super) struct Bar {
    pub(super) name: &'static str,
    pub(super) value: f64,
    pub(super) label: String,
}

/// Where bars begin, how long the longest is, how far apart they are.
const LEFT: f64 = 115.0;
const LONGEST: f64 = 210.0;
const PITCH: f64 = 30.0;

/// Bars as long as their values.
pub(super) fn linear(bars: &[Bar]) -> String {
    let most = bars.iter().map(|bar| bar.value).fold(f64::MIN_POSITIVE, f64::max);
    draw(bars, |value| LONGEST * value / most, &[])
}

/// Bars as long as the logarithms of their values, with a line at each power of ten.
pub(super) fn logarithmic(bars: &[Bar]) -> String {
    let digits = |value: f64| value.max(1.0).log10();
    let all = || bars.iter().map(|bar| digits(bar.value));
    let least = all().reduce(f64::min).unwrap_or(0.0).floor();
    let most = all().fold(least + 1.0, f64::max).ceil();
    let length = |digits: f64| LONGEST * (digits - least) / (most - least);
    let powers = std::iter::successors(Some(least), |power| Some(power + 1.0));
    let lines: Vec<f64> = powers.take_while(|power| *power <= most).map(length).collect();
    draw(bars, |value| length(digits(value)), &lines)
}

fn draw(bars: &[Bar], length: impl Fn(f64) -> f64, lines: &[f64]) -> String {
    let height = PITCH * bars.len() as f64 + 8.0;
    let mut svg = format!("<svg viewBox=\"0 0 400 {height:.0}\" role=\"img\">\n");
    for line in lines {
        let x = LEFT + line;
        let _ = writeln!(svg, "<path class=\"grid\" d=\"M{x:.1} 2 V{height:.0}\"/>");
    }
    for (row, bar) in bars.iter().enumerate() {
        let (top, long) = (PITCH * row as f64 + 6.0, length(bar.value).max(1.5));
        let (base, end) = (top + 14.0, LEFT + long + 6.0);
        let Bar { name, label, .. } = bar;
        let _ = writeln!(
            svg,
            "<text x=\"0\" y=\"{base:.0}\">{name}</text>\n\
             <rect class=\"bar\" x=\"{LEFT}\" y=\"{top:.0}\" width=\"{long:.1}\" height=\"19\" rx=\"2\"/>\n\
             <text x=\"{end:.1}\" y=\"{base:.0}\">{label}</text>"
        );
    }
    svg + "</svg>\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn charts_of_nothing_or_of_zeroes_have_no_impossible_numbers() {
        let zero = || Bar { name: "x", value: 0.0, label: "0".into() };
        for bars in [vec![], vec![zero()], vec![zero(), Bar { value: 1e9, ..zero() }]] {
            let svg = linear(&bars) + &logarithmic(&bars);
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        }
    }
}
