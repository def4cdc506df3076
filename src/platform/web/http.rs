//! Small documents by `fetch`: without credentials, and never more of them, or longer, than was asked for.

use std::time::Duration;

use futures::FutureExt;
use futures::future::{Either, LocalBoxFuture, select};
use js_sys::{Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    AbortController, ReadableStreamDefaultReader, RequestCredentials, RequestInit, RequestMode,
    Response, WorkerGlobalScope,
};

use super::timer::sleep;
use crate::client::ports::{Http, HttpError, HttpRequest, HttpResponse};

/// How long anything that answers at all may take to do so.
const PATIENCE: Duration = Duration::from_secs(5);

/// Fetches small documents.
#[derive(Clone, Copy, Debug, Default)]
pub struct WebHttp;

impl Http for WebHttp {
    fn fetch(
        &self,
        request: HttpRequest,
    ) -> LocalBoxFuture<'static, Result<HttpResponse, HttpError>> {
        async move {
            let timeout = request.timeout;
            let fetching = Fetching::new(RequestMode::Cors).ok_or(HttpError::Network)?;
            let document = fetching.document(&request).boxed_local();
            match select(document, sleep(timeout).boxed_local()).await {
                Either::Left((result, _)) => result,
                Either::Right(_) => Err(HttpError::Timeout),
            }
        }
        .boxed_local()
    }

    fn answers(&self, url: &str) -> LocalBoxFuture<'static, bool> {
        let url = url.to_owned();
        async move {
            let Some(fetching) = Fetching::new(RequestMode::NoCors) else {
                return false;
            };
            let answer = fetching.start(&url).boxed_local();
            let answered = select(answer, sleep(PATIENCE).boxed_local()).await;
            matches!(answered, Either::Left((Ok(_), _)))
        }
        .boxed_local()
    }
}

/// A fetch that ends when this is dropped.
struct Fetching {
    init: RequestInit,
    abort: AbortController,
}

impl Drop for Fetching {
    fn drop(&mut self) {
        self.abort.abort();
    }
}

impl Fetching {
    fn new(mode: RequestMode) -> Option<Self> {
        let abort = AbortController::new().ok()?;
        let init = RequestInit::new();
        init.set_mode(mode);
        init.set_credentials(RequestCredentials::Omit);
        init.set_signal(Some(&abort.signal()));
        Some(Self { init, abort })
    }

    async fn start(&self, url: &str) -> Result<Response, JsValue> {
        let scope: WorkerGlobalScope = js_sys::global().unchecked_into();
        let response = JsFuture::from(scope.fetch_with_str_and_init(url, &self.init)).await?;
        Ok(response.unchecked_into())
    }

    async fn document(&self, request: &HttpRequest) -> Result<HttpResponse, HttpError> {
        let network = |_| HttpError::Network;
        let response = self.start(&request.url).await.map_err(network)?;
        let final_url = response.url();
        if request.url.starts_with("https:") && !final_url.starts_with("https:") {
            // Led away from safety: what came back may be anybody's.
            return Err(HttpError::Network);
        }
        Ok(HttpResponse {
            status: response.status(),
            final_url,
            body: body(&response, request.max_bytes).await?,
        })
    }
}

/// Reads piece by piece, so that what is too long is never held.
async fn body(response: &Response, most: usize) -> Result<Vec<u8>, HttpError> {
    let network = |_| HttpError::Network;
    let mut body = Vec::new();
    let Some(stream) = response.body() else {
        return Ok(body);
    };
    let reader = ReadableStreamDefaultReader::new(&stream).map_err(network)?;
    loop {
        let piece = JsFuture::from(reader.read()).await.map_err(network)?;
        let value = Reflect::get(&piece, &"value".into()).map_err(network)?;
        // Without a value it is done.
        let Ok(bytes) = value.dyn_into::<Uint8Array>() else {
            return Ok(body);
        };
        let length = usize::try_from(bytes.length()).unwrap_or(usize::MAX);
        if body.len().saturating_add(length) > most {
            return Err(HttpError::TooLong);
        }
        body.extend(bytes.to_vec());
    }
}
