//! Sealing: credentials are kept encrypted (AES-256-GCM) by a key that WebCrypto never gives out.
//!
//! **Invariant:** whoever copies the database files without this browser's key material, or reads the tables by
//! a script, finds no credentials in them. The sealed bytes belong to one account: moved to another, they do not open.

use js_sys::{Array, Object, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AesGcmParams, AesKeyGenParams, Crypto, CryptoKey, SubtleCrypto};

use crate::entity::id::AccountId;

/// The bytes of a nonce (NIST SP 800-38D §5.2.1.1).
const NONCE: usize = 12;

/// The browser has no WebCrypto here, or refuses.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("no WebCrypto")]
pub(super) struct NoCrypto;

impl From<JsValue> for NoCrypto {
    fn from(_: JsValue) -> Self {
        Self
    }
}

/// Seals and opens.
#[derive(Clone)]
pub(super) struct Sealer {
    crypto: Crypto,
    key: CryptoKey,
}

impl Sealer {
    /// With a key that was made by [`make_key`].
    pub(super) fn new(key: CryptoKey) -> Result<Self, NoCrypto> {
        Ok(Self {
            crypto: crypto()?,
            key,
        })
    }

    /// Seals an account's secret: nonce, then what AES-GCM makes of it.
    pub(super) async fn seal(
        &self,
        account: AccountId,
        secret: &[u8],
    ) -> Result<Vec<u8>, NoCrypto> {
        let mut nonce = [0; NONCE];
        self.crypto.get_random_values_with_u8_array(&mut nonce)?;
        let promise = subtle(&self.crypto)?.encrypt_with_object_and_u8_array(
            &params(account, &nonce),
            &self.key,
            secret,
        )?;
        let sealed = Uint8Array::new(&JsFuture::from(promise).await?).to_vec();
        Ok([&nonce[..], &sealed].concat())
    }

    /// Opens what was sealed for the same account.
    pub(super) async fn open(
        &self,
        account: AccountId,
        sealed: &[u8],
    ) -> Result<Vec<u8>, NoCrypto> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE>().ok_or(NoCrypto)?;
        let promise = subtle(&self.crypto)?.decrypt_with_object_and_u8_array(
            &params(account, nonce),
            &self.key,
            sealed,
        )?;
        Ok(Uint8Array::new(&JsFuture::from(promise).await?).to_vec())
    }
}

/// Makes a key that stays in the browser.
pub(super) async fn make_key() -> Result<CryptoKey, NoCrypto> {
    let usages = Array::of2(&"encrypt".into(), &"decrypt".into());
    let promise = subtle(&crypto()?)?.generate_key_with_object(
        &AesKeyGenParams::new("AES-GCM", 256),
        false,
        &usages,
    )?;
    Ok(JsFuture::from(promise).await?.dyn_into::<CryptoKey>()?)
}

fn params(account: AccountId, nonce: &[u8; NONCE]) -> Object {
    let params = AesGcmParams::new_with_u8_array("AES-GCM", &Uint8Array::from(&nonce[..]));
    let account = Uint8Array::from(&account.0.to_be_bytes()[..]);
    params.set_additional_data_u8_array(&account);
    params.into()
}

fn crypto() -> Result<Crypto, NoCrypto> {
    let crypto = js_sys::Reflect::get(&js_sys::global(), &"crypto".into())?;
    Ok(crypto.dyn_into::<Crypto>()?)
}

/// Absent on pages that were not loaded securely.
fn subtle(crypto: &Crypto) -> Result<SubtleCrypto, NoCrypto> {
    let subtle = crypto.subtle();
    if subtle.is_undefined() {
        return Err(NoCrypto);
    }
    Ok(subtle)
}
