//! What a process says on standard error: a line an event, as text for people or as JSON for programs.
//! Both show the same fields, those of the spans that the event is in among them: which run, server,
//! worker, request it is about.

mod fields;
mod line;
#[cfg(feature = "otel")]
mod traces;

use std::io::{self, Write};

use anyhow::{Result, bail};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use fields::Fields;
use line::Format;

/// Begins to log, as `GROUNDCREW_LOG` and `GROUNDCREW_LOG_FORMAT` say. A role tells what it does; of a
/// command, people see the answer, and the rest only who asks for it.
///
/// # Errors
/// Fails if there is no such format, or no such collector.
pub fn start(role: bool) -> Result<Log> {
    let json = match std::env::var("GROUNDCREW_LOG_FORMAT").as_deref() {
        Ok("json") => true,
        Ok("text" | "") | Err(_) => false,
        Ok(other) => bail!("GROUNDCREW_LOG_FORMAT is {other:?}; set it to text, or to json"),
    };
    // What apalis says at the end of each session, and sqlx of each connection that broke, we
    // say once and better.
    let default =
        if role { "warn,groundcrew=info,apalis_core=off,apalis_redis=off,sqlx=off" } else { "off" };
    let filter =
        EnvFilter::try_from_env("GROUNDCREW_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    let format = match json {
        true => Format::Json,
        false => Format::Text { colors: console::colors_enabled_stderr(), target: !role },
    };
    let subscriber = tracing_subscriber::registry().with(filter).with(Lines(format));
    #[cfg(feature = "otel")]
    let (_traces, subscriber) = {
        let (traces, layer) = traces::start()?.unzip();
        (traces, subscriber.with(layer))
    };
    subscriber.init();
    if json {
        std::panic::set_hook(Box::new(|panic| tracing::error!("{panic}")));
    }
    Ok(Log {
        json,
        #[cfg(feature = "otel")]
        _traces,
    })
}

/// A log, for as long as the process is there.
#[derive(Debug)]
pub struct Log {
    /// Whether programs read it.
    pub json: bool,
    #[cfg(feature = "otel")]
    _traces: Option<traces::Traces>,
}

/// Writes each event.
struct Lines(Format);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Lines {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        span.extensions_mut().insert(fields);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(fields) = span.extensions_mut().get_mut::<Fields>() {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(outer) = span.extensions().get::<Fields>() {
                fields.add(outer);
            }
        }
        let line = self.0.line(event.metadata(), fields);
        // Whole, so that two threads don't mix. Nobody is left to tell of an error.
        let _ = io::stderr().lock().write_all(line.as_bytes());
    }
}
