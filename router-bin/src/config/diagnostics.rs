//! Mistakes in a configuration, and what looks like one, collected while it is read and shown together.
//!
//! A mistake says which key, what was found there, what is allowed, and points into the line. Secrets in that line are
//! blotted out.

use std::cell::RefCell;
use std::fmt;

use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceSpan};

use super::tree::{Sources, Span};

/// One thing that is wrong, or that is hardly meant.
#[derive(Clone, Debug)]
pub(crate) struct Mistake {
    weight: Weight,
    message: String,
    labels: Vec<(Span, String)>,
    help: Option<String>,
    syntax: bool,
}

/// How much a mistake matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Weight {
    /// The configuration can't be used.
    Error,
    /// It can, but somebody should look.
    Warning,
}

impl Mistake {
    /// What is wrong, beginning with the key if there is one.
    pub(crate) fn new(message: impl Into<String>) -> Mistake {
        let (labels, help) = (Vec::new(), None);
        Mistake { weight: Weight::Error, message: message.into(), labels, help, syntax: false }
    }

    /// What works, but hardly as somebody meant it.
    pub(crate) fn warning(message: impl Into<String>) -> Mistake {
        Mistake { weight: Weight::Warning, ..Mistake::new(message) }
    }

    /// Where, and a few words that stand there. The first place is the one that is named by line and column.
    pub(crate) fn at(mut self, span: Span, label: impl Into<String>) -> Mistake {
        self.labels.push((span, label.into()));
        self
    }

    /// What is allowed, or what to do.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Mistake {
        self.help = Some(help.into());
        self
    }

    /// Marks a mistake of syntax: there is no tree that tells where the secrets are.
    pub(super) fn syntax(mut self) -> Mistake {
        self.syntax = true;
        self
    }
}

/// Where mistakes are collected; reading goes on after each.
#[derive(Debug, Default)]
pub(crate) struct Notes(RefCell<Vec<Mistake>>);

impl Notes {
    pub(crate) fn add(&self, mistake: Mistake) {
        self.0.borrow_mut().push(mistake);
    }

    /// Whether nothing was found that keeps the configuration from being used.
    pub(crate) fn is_usable(&self) -> bool {
        self.0.borrow().iter().all(|mistake| mistake.weight == Weight::Warning)
    }

    /// All of them in the order of the text.
    pub(crate) fn into_mistakes(self) -> Vec<Mistake> {
        let mut mistakes = self.0.into_inner();
        mistakes.sort_by_key(|mistake| mistake.labels.first().map(|(span, _)| *span));
        mistakes
    }
}

/// Why a configuration can't be used, or what is to be said about one that can; then it may be empty.
#[derive(Debug)]
pub(crate) struct Report {
    mistakes: Vec<Mistake>,
    sources: Sources,
}

/// How a report looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// ASCII without colours, for files and pipes.
    Plain,
    /// Line drawing without colours.
    Lines,
    /// Line drawing and colours.
    Colours,
}

impl Report {
    /// Blots the secrets out of the sources, once and for all.
    pub(super) fn new(mistakes: Vec<Mistake>, sources: Sources, secrets: &[Span]) -> Report {
        let syntax = mistakes.iter().any(|mistake| mistake.syntax);
        Report { mistakes, sources: sources.blotted(secrets, syntax) }
    }

    /// Whether there is nothing to say.
    pub(crate) fn is_empty(&self) -> bool {
        self.mistakes.is_empty()
    }

    /// File and line of a place in the configuration, as editors take them; the name of a variable, if one said it.
    pub(crate) fn line_of(&self, span: Span) -> String {
        self.sources.line_of(span)
    }

    /// A line for each, without the drawing: what is wrong, and where.
    pub(crate) fn lines(&self) -> impl Iterator<Item = String> {
        self.mistakes.iter().map(|mistake| match mistake.labels.first() {
            Some((span, label)) => format!("{}: {label} ({})", mistake.message, self.line_of(*span)),
            None => mistake.message.clone(),
        })
    }

    /// How many there are of what: "2 mistakes, 1 warning".
    fn count(&self) -> String {
        let of = |weight: Weight, one: &str| {
            let count = self.mistakes.iter().filter(|mistake| mistake.weight == weight).count();
            (count > 0).then(|| format!("{count} {one}{}", if count == 1 { "" } else { "s" }))
        };
        let counts = [of(Weight::Error, "mistake"), of(Weight::Warning, "warning")];
        counts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }

    /// The whole report as text, with a last line that counts.
    pub(crate) fn render(&self, look: Look, width: usize) -> String {
        let theme = match look {
            Look::Plain => GraphicalTheme::none(),
            Look::Lines => GraphicalTheme::unicode_nocolor(),
            Look::Colours => GraphicalTheme::unicode(),
        };
        let handler = GraphicalReportHandler::new_themed(theme).with_links(false).with_width(width);
        let mut text = String::new();
        for mistake in &self.mistakes {
            let shown = Shown::new(mistake, &self.sources);
            // Writing into a String does not fail; a source that can't be read would leave the rest of the report.
            let _ = handler.render_report(&mut text, &shown);
            text.push('\n');
        }
        text + &format!("{} in the configuration.\n", self.count())
    }
}

/// A mistake in the form that miette draws.
#[derive(Debug)]
struct Shown<'a> {
    mistake: &'a Mistake,
    source: Option<NamedSource<String>>,
}

impl<'a> Shown<'a> {
    fn new(mistake: &'a Mistake, sources: &Sources) -> Self {
        let source = mistake.labels.first().map(|(span, _)| {
            let source = sources.get(span.source);
            NamedSource::new(&source.name, source.text.to_string())
        });
        Shown { mistake, source }
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.mistake.message)
    }
}

impl std::error::Error for Shown<'_> {}

impl miette::Diagnostic for Shown<'_> {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.mistake.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.mistake.weight {
            Weight::Error => miette::Severity::Error,
            Weight::Warning => miette::Severity::Warning,
        })
    }

    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        self.source.as_ref().map(|source| source as &dyn miette::SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        // Only one text can be drawn: a label elsewhere (a name that an environment variable took) is left to the words.
        let (first, _) = self.mistake.labels.first()?;
        let here = self.mistake.labels.iter().filter(move |(span, _)| span.source == first.source);
        Some(Box::new(here.map(move |(span, label)| {
            let (label, place) =
                (Some(label.clone()), SourceSpan::new(span.start.into(), span.end - span.start));
            match span == first {
                true => LabeledSpan::new_primary_with_span(label, place),
                false => LabeledSpan::new_with_span(label, place),
            }
        })))
    }
}
