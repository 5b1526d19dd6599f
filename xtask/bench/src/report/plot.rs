//! A section as a picture: SVG for a page that is light or dark, without a script.

use std::io;

use plotters::coord::Shift;
use plotters::prelude::{
    Circle, DrawingArea, IntoDrawingArea as _, IntoFont as _, PathElement, RGBColor, Rectangle,
    SVGBackend, Text,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color as _, ShapeStyle};

use crate::model::{Plot, Section};

mod axis;
mod bars;
mod lines;

/// As wide as the text of a page of mdBook.
const WIDTH: u32 = 750;
/// The height of a line of text, from which plotters takes the size of the font: 12.5 pixels.
const TEXT: f64 = 15.5;
/// What a letter takes, more or less; the font is the reader's own.
const LETTER: f64 = 0.47 * TEXT;

/// Grey in the middle between a white and a black page.
const GREY: RGBColor = RGBColor(0x7c, 0x7c, 0x7c);
const BLUE: RGBColor = RGBColor(0x3d, 0x85, 0xc6);
const ORANGE: RGBColor = RGBColor(0xd0, 0x74, 0x2c);
const GREEN: RGBColor = RGBColor(0x2e, 0x9b, 0x6c);
const PURPLE: RGBColor = RGBColor(0x9a, 0x6f, 0xc4);
const PINK: RGBColor = RGBColor(0xc9, 0x58, 0x8f);
const OLIVE: RGBColor = RGBColor(0x83, 0x8a, 0x2d);

/// The picture of a section; `None` where it has none, or nothing to show in it.
pub(super) fn draw(section: &Section) -> io::Result<Option<String>> {
    let drawn = match &section.plot {
        None => None,
        Some(Plot::Bars { column }) => bars::draw(section, *column)?,
        Some(Plot::Lines { columns }) => lines::draw(section, columns)?,
    };
    Ok(drawn.map(|svg| titled(&svg, &section.title)))
}

/// What plotters leaves out: the picture's role and its title.
fn titled(svg: &str, title: &str) -> String {
    let mut escaped = String::new();
    for character in title.chars() {
        match character {
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '&' => escaped += "&amp;",
            other => escaped.push(other),
        }
    }
    let svg = svg.replacen("<svg ", "<svg role=\"img\" ", 1);
    svg.replacen(">\n", &format!(">\n<title>{escaped}</title>\n"), 1)
}

/// Where text stands: its point is at its left, in its middle or at its right.
#[derive(Clone, Copy)]
enum At {
    Left,
    Middle,
    Right,
}

/// Shapes in pixels.
struct Canvas<'a> {
    area: DrawingArea<SVGBackend<'a>, Shift>,
}

impl<'a> Canvas<'a> {
    fn new(svg: &'a mut String, height: f64) -> Self {
        let area = SVGBackend::with_string(svg, (WIDTH, pixel(height).unsigned_abs()));
        Self {
            area: area.into_drawing_area(),
        }
    }

    fn text(&self, text: &str, (x, y): (f64, f64), at: At) -> io::Result<()> {
        let horizontal = match at {
            At::Left => HPos::Left,
            At::Middle => HPos::Center,
            At::Right => HPos::Right,
        };
        let style = ("sans-serif", TEXT).into_font().color(&GREY);
        let style = style.pos(Pos::new(horizontal, VPos::Center));
        self.draw(&Text::new(text.to_owned(), (pixel(x), pixel(y)), style))
    }

    fn path(&self, points: &[(f64, f64)], style: ShapeStyle) -> io::Result<()> {
        let points: Vec<_> = points.iter().map(|(x, y)| (pixel(*x), pixel(*y))).collect();
        self.draw(&PathElement::new(points, style))
    }

    fn bar(&self, from: (f64, f64), to: (f64, f64), style: ShapeStyle) -> io::Result<()> {
        let corners = [(pixel(from.0), pixel(from.1)), (pixel(to.0), pixel(to.1))];
        self.draw(&Rectangle::new(corners, style))
    }

    fn dot(&self, (x, y): (f64, f64), color: RGBColor) -> io::Result<()> {
        self.draw(&Circle::new((pixel(x), pixel(y)), 3, color.filled()))
    }

    fn end(&self) -> io::Result<()> {
        self.area.present().map_err(io::Error::other)
    }

    fn draw<E>(&self, element: &E) -> io::Result<()>
    where
        for<'e> &'e E: plotters::element::PointCollection<'e, (i32, i32)>,
        E: plotters::element::Drawable<SVGBackend<'a>>,
    {
        self.area.draw(element).map_err(io::Error::other)
    }
}

/// A thin line for axes and grids.
fn thin(opacity: f64) -> ShapeStyle {
    GREY.mix(opacity).stroke_width(1)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a text is shorter than 2^52 letters"
)]
fn width_of(text: &str) -> f64 {
    text.chars().count() as f64 * LETTER
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a place in a picture of some hundred pixels; `as` keeps what is not within bounds"
)]
fn pixel(at: f64) -> i32 {
    at.round() as i32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::made;

    fn svg(index: usize) -> String {
        draw(&made().sections[index]).unwrap().unwrap()
    }

    #[test]
    fn a_picture_has_a_title_and_nothing_that_runs_or_hides_the_page() {
        let svg = svg(0);
        assert!(svg.starts_with("<svg role=\"img\" "), "{svg}");
        assert!(svg.contains("viewBox=\"0 0 750 "), "{svg}");
        assert!(svg.contains(">\n<title>A call over two hops</title>\n<"));
        assert!(svg.ends_with("</svg>\n"));
        assert!(!svg.contains("<script"));
        // A background would be a rectangle from the corner.
        assert!(!svg.contains("<rect x=\"0\" y=\"0\""));
    }

    #[test]
    fn a_bar_has_a_name_a_value_and_quartiles() {
        let svg = svg(0);
        assert_eq!(svg.matches("<rect ").count(), 2);
        assert_eq!(svg.matches("#D0742C").count(), 2 * 3);
        for text in [
            "bare",
            "101",
            "with msf &lt;full&gt; &amp; &quot;all&quot;",
            "125",
            "not measured",
        ] {
            assert!(
                svg.contains(&format!(">\n{text}\n</text>")),
                "{text}: {svg}"
            );
        }
    }

    #[test]
    fn each_column_is_a_line_with_a_legend() {
        let svg = svg(1);
        for text in ["bare, µs", "full, µs", "10", "100", "1,000 routes"] {
            assert!(
                svg.contains(&format!(">\n{text}\n</text>")),
                "{text}: {svg}"
            );
        }
        assert_eq!(svg.matches("<circle ").count(), 6);
        // Points of sizes that grow alike lie alike far apart.
        let xs: Vec<i32> = svg
            .split("<circle cx=\"")
            .skip(1)
            .take(3)
            .map(|rest| rest.split('"').next().unwrap().parse().unwrap())
            .collect();
        assert!((xs[2] - 2 * xs[1] + xs[0]).abs() <= 1, "{xs:?}");
    }

    #[test]
    fn nothing_to_show_is_no_picture() {
        let report = made();
        assert_eq!(draw(&report.sections[2]).unwrap(), None);
        let mut section = report.sections[1].clone();
        section.plot = Some(Plot::Lines { columns: vec![7] });
        assert_eq!(draw(&section).unwrap(), None);
        section.plot = Some(Plot::Bars { column: 7 });
        assert_eq!(draw(&section).unwrap(), None);
        section.plot = None;
        assert_eq!(draw(&section).unwrap(), None);
    }

    #[test]
    fn the_same_figures_are_the_same_picture() {
        assert_eq!(svg(0), svg(0));
        assert_eq!(svg(1), svg(1));
    }
}
