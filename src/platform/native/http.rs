//! Just enough HTTP for documents on loopback: `GET` by HTTP/1.0, which knows no chunks, one answer to a connection.

use std::time::Duration;

use futures::FutureExt;
use futures::future::LocalBoxFuture;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::client::ports::{Http, HttpError, HttpRequest, HttpResponse};

/// The longest head of an answer.
const LONGEST_HEAD: usize = 64 * 1024;

/// How long anything that answers at all may take to do so.
const PATIENCE: Duration = Duration::from_secs(5);

/// Fetches small documents.
#[derive(Clone, Copy, Debug, Default)]
pub struct NativeHttp;

impl Http for NativeHttp {
    fn fetch(
        &self,
        request: HttpRequest,
    ) -> LocalBoxFuture<'static, Result<HttpResponse, HttpError>> {
        async move {
            match timeout(request.timeout, get(&request.url, request.max_bytes)).await {
                Ok(result) => result,
                Err(_) => Err(HttpError::Timeout),
            }
        }
        .boxed_local()
    }

    fn answers(&self, url: &str) -> LocalBoxFuture<'static, bool> {
        let url = url.to_owned();
        async move {
            let answer = timeout(PATIENCE, get(&url, 0)).await;
            matches!(answer, Ok(Ok(_) | Err(HttpError::TooLong)))
        }
        .boxed_local()
    }
}

async fn get(url: &str, most: usize) -> Result<HttpResponse, HttpError> {
    let rest = url.strip_prefix("http://").ok_or(HttpError::Network)?;
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let address = if authority
        .rsplit_once(':')
        .is_some_and(|(_, port)| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()))
    {
        authority.to_owned()
    } else {
        format!("{authority}:80")
    };
    let network = |_| HttpError::Network;
    let mut stream = TcpStream::connect(address).await.map_err(network)?;
    let request = format!("GET /{path} HTTP/1.0\r\nHost: {authority}\r\n\r\n");
    stream
        .write_all(request.as_bytes())
        .await
        .map_err(network)?;

    let mut answer = Vec::new();
    let limit = u64::try_from(most.saturating_add(LONGEST_HEAD)).unwrap_or(u64::MAX);
    let read = stream.take(limit).read_to_end(&mut answer).await;
    read.map_err(network)?;
    let (status, body) = parse(&answer).ok_or(HttpError::Network)?;
    if body.len() > most {
        return Err(HttpError::TooLong);
    }
    Ok(HttpResponse {
        status,
        final_url: url.to_owned(),
        body: body.to_vec(),
    })
}

/// The status and the body of an answer.
fn parse(answer: &[u8]) -> Option<(u16, &[u8])> {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    let (head, rest) = answer.split_at_checked(end)?;
    let head = std::str::from_utf8(head).ok()?;
    let status = head.strip_prefix("HTTP/1.")?.get(2..5)?.parse().ok()?;
    Some((status, rest.get(4..)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    /// Fetches from a server that answers so.
    fn fetch(answer: &'static [u8], most: usize) -> Result<HttpResponse, HttpError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("http://{}/a?b", listener.local_addr().unwrap());
            let request = HttpRequest {
                url,
                max_bytes: most,
                timeout: Duration::from_millis(if answer.is_empty() { 50 } else { 10_000 }),
            };
            let server = async {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut asked = [0; 512];
                let length = stream.read(&mut asked).await.unwrap();
                assert!(asked[..length].starts_with(b"GET /a?b HTTP/1.0\r\nHost: 127.0.0.1:"));
                stream.write_all(answer).await.unwrap();
                if answer.is_empty() {
                    std::future::pending::<()>().await;
                }
                stream
            };
            tokio::select! {
                result = NativeHttp.fetch(request) => result,
                () = async { drop(server.await); std::future::pending().await } => Err(HttpError::Network),
            }
        })
    }

    #[test]
    fn a_document_is_fetched_whole_or_not_at_all() {
        let answer = b"HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\n\r\nbody\r\n\r\n";
        let response = fetch(answer, 8).unwrap();
        assert_eq!(
            (response.status, &response.body[..]),
            (404, &b"body\r\n\r\n"[..])
        );
        assert_eq!(fetch(answer, 7), Err(HttpError::TooLong));
        assert_eq!(fetch(b"SSH-2.0", 100), Err(HttpError::Network));
        assert_eq!(fetch(b"HTTP/1.1 x\r\n\r\n", 100), Err(HttpError::Network));
        assert_eq!(fetch(b"", 100), Err(HttpError::Timeout));
    }
}
