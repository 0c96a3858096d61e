//! Traces of runs and requests, by OTLP over HTTP, in a build with the feature `otel`: the spans that
//! logs take their fields from, sent to a collector. Where `OTEL_EXPORTER_OTLP_ENDPOINT` is not set,
//! nothing is sent.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST};
use http::{Request, Response};
use opentelemetry::trace::TracerProvider;
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{SpanExporter, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;

/// A collector has so long to take what is sent, and to answer.
const ANSWER: Duration = Duration::from_secs(5);

/// Sends what is left when it is dropped.
#[derive(Debug)]
pub(super) struct Traces(SdkTracerProvider);

impl Drop for Traces {
    fn drop(&mut self) {
        let _ = self.0.shutdown_with_timeout(ANSWER);
    }
}

/// Begins to send, if a collector is set.
///
/// # Errors
/// Fails if its address is none.
pub(super) fn start<S>() -> anyhow::Result<Option<(Traces, impl Layer<S>)>>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    if std::env::var("OTEL_EXPORTER_OTLP_ENDPOINT").unwrap_or_default().is_empty() {
        return Ok(None);
    }
    let exporter = SpanExporter::builder().with_http().with_http_client(Plain).build()?;
    let service = std::env::var("OTEL_SERVICE_NAME").unwrap_or_else(|_| "groundcrew".to_owned());
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_resource(Resource::builder().with_service_name(service).build())
        .build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("groundcrew"));
    // A worker is no piece of work: its span ends with the process.
    let layer = layer.with_filter(filter_fn(|metadata| metadata.name() != "worker"));
    Ok(Some((Traces(provider), layer)))
}

/// Posts without TLS, and waits: the exporter has a thread of its own, and no runtime. A collector is
/// on this machine, or in an inner network.
#[derive(Debug)]
struct Plain;

#[async_trait]
impl HttpClient for Plain {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        Ok(post(&request)?)
    }
}

fn post(request: &Request<Bytes>) -> io::Result<Response<Bytes>> {
    let uri = request.uri();
    if uri.scheme_str() != Some("http") {
        return Err(io::Error::other("a collector is reached by http://; put an agent in between"));
    }
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    let address = (host, uri.port_u16().unwrap_or(80)).to_socket_addrs()?.next();
    let address = address.ok_or_else(|| io::Error::other("the collector's name has no address"))?;
    let mut socket = TcpStream::connect_timeout(&address, ANSWER)?;
    socket.set_read_timeout(Some(ANSWER))?;
    socket.set_write_timeout(Some(ANSWER))?;
    let (body, path) = (request.body(), uri.path_and_query().map_or("/", |path| path.as_str()));
    let mut head =
        format!("POST {path} HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
    head += &format!("{HOST}: {}\r\n", uri.authority().map_or("", |authority| authority.as_str()));
    let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    head += &format!("{CONTENT_TYPE}: {}\r\n\r\n", kind.unwrap_or("application/x-protobuf"));
    socket.write_all(head.as_bytes())?;
    socket.write_all(body)?;
    // `HTTP/1.1 200 …`, and no more of it is of use.
    let mut answer = [0; 12];
    socket.read_exact(&mut answer)?;
    let code = std::str::from_utf8(&answer[9..]).ok().and_then(|code| code.parse::<u16>().ok());
    let code = code.ok_or_else(|| io::Error::other("the collector does not speak HTTP"))?;
    Response::builder().status(code).body(Bytes::new()).map_err(io::Error::other)
}
