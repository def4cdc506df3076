//! The configuration that a Prosody of ours runs with.

use std::path::Path;

use super::{Options, Passwords, Prosody};

/// Where Debian's `prosody` and `prosody-modules` keep what can be loaded.
const MODULES: &str = "/usr/lib/prosody/modules";

/// What the app uses, or will use. A module that is not installed is left out.
const WANTED: &[&str] = &[
    "admin_shell",
    "adhoc",
    "announce",
    "blocklist",
    "bookmarks",
    "carbons",
    "cloud_notify",
    "csi",
    "csi_simple",
    "disco",
    "external_services",
    "http_file_share",
    "invites",
    "invites_adhoc",
    "invites_register",
    "lastactivity",
    "limits",
    "mam",
    "offline",
    "pep",
    "ping",
    "posix",
    "private",
    "register_ibr",
    "roster",
    // Not the `sasl2` family: of Debian's copies `sasl2_fast` and `sasl2_sm` call what Prosody 0.12.3 does not have, and end every
    // log-in; `sasl2` and `sasl2_bind2` work on WebSockets. `Options::with_sasl2` loads them, with what they miss.
    "saslauth",
    "server_contact_info",
    "smacks",
    "time",
    "tls",
    "uptime",
    "user_account_management",
    "vcard4",
    "vcard_legacy",
    "version",
    "websocket",
];

/// Of these, what is loaded for all hosts.
const NOT_GLOBAL: &[&str] = &["http_file_share", "limits"];

/// Writes the whole file.
pub fn render(options: &Options, server: &Prosody) -> String {
    let domain = &options.domain;
    let quoted = quote(domain);
    let modules: String = WANTED
        .iter()
        .filter(|name| !NOT_GLOBAL.contains(name))
        .map(|name| (*name).to_owned())
        .filter(|name| !options.without.contains(name) && is_installed(name))
        .map(|name| format!("{}; ", quote(&name)))
        .collect();
    let (authentication, hash) = match options.passwords {
        Passwords::Plain => ("internal_plain", "SHA-1"),
        Passwords::Sha1 => ("internal_hashed", "SHA-1"),
        Passwords::Sha256 => ("internal_hashed", "SHA-256"),
    };
    let public = match &options.public_url {
        Some(url) => format!("{}/", url.trim_end_matches('/')),
        None => format!("http://localhost:{}/", server.http_port),
    };
    let room_modules: String = ["muc_mam", "vcard_muc", "muc_moderation"]
        .iter()
        .filter(|name| is_installed(name) && !options.without.iter().any(|other| other == *name))
        .map(|name| format!("{}; ", quote(name)))
        .collect();
    format!(
        r#"-- Written by `cargo xtask`: changes are lost.
daemonize = false
run_as_root = true
pidfile = {pid}
data_path = {data}
admin_socket = {socket}
log = {{ {{ levels = {{ min = "info" }}, to = "file", filename = {log} }} }}
plugin_paths = {{ {modules_of_ours}; {MODULES:?} }}
interfaces = {{ "127.0.0.1", "::1" }}
local_interfaces = {{ "127.0.0.1", "::1" }}
c2s_ports = {{ {c2s} }}
c2s_direct_tls_ports = {{}}
http_ports = {{ {http} }}
http_interfaces = {{ "127.0.0.1", "::1" }}
https_ports = {{}}
http_default_host = {quoted}
http_external_url = {public}
http_cors_override = {{ websocket = {{ enabled = true }}, file_share = {{ enabled = true }} }}
-- The site's proxy is on loopback too.
trusted_proxies = {{ "127.0.0.1", "::1" }}
consider_websocket_secure = true
consider_bosh_secure = true
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
authentication = "{authentication}"
password_hash = "{hash}"
default_storage = "internal"
storage_archive_item_limit = 10000000
archive_expires_after = "never"
default_archive_policy = true
max_archive_query_results = 100
smacks_hibernation_time = {hibernation}
smacks_max_unacked_stanzas = 5
allow_registration = {registration}
registration_invite_only = false
contact_info = {{ abuse = {{ "mailto:abuse@{domain}" }}, support = {{ "xmpp:support@{domain}" }} }}
modules_disabled = {{ "s2s" }}
modules_enabled = {{ {modules}}}
certificates = {dir}
ssl = {{ key = {key}, certificate = {cert} }}
{global}

VirtualHost {quoted}
disco_items = {{ {{ {rooms}, "Rooms" }}, {{ {upload}, "Uploads" }} }}
{host}

VirtualHost {guest}
authentication = "anonymous"
modules_disabled = {{ "mam"; "offline"; "register_ibr"; "invites"; "invites_adhoc"; "invites_register" }}

Component {rooms} "muc"
name = "Rooms"
modules_enabled = {{ {room_modules}}}
muc_log_by_default = true
muc_room_default_public = true

Component {upload} "http_file_share"
http_host = {quoted}
http_file_share_size_limit = 64 * 1024 * 1024
http_file_share_daily_quota = 4 * 1024 * 1024 * 1024
http_file_share_access = {{ {quoted}, {guest} }}
"#,
        modules_of_ours = path(&server.modules()),
        pid = path(&server.dir().join("prosody.pid")),
        data = path(&server.data()),
        socket = path(&server.socket()),
        log = path(&server.log_file()),
        c2s = server.c2s_port,
        http = server.http_port,
        public = quote(&public),
        hibernation = options.hibernation.as_secs(),
        registration = options.registration,
        dir = path(server.dir()),
        key = path(&server.dir().join("key.pem")),
        cert = path(&server.dir().join("cert.pem")),
        rooms = quote(&format!("rooms.{domain}")),
        upload = quote(&format!("upload.{domain}")),
        guest = quote(&format!("guest.{domain}")),
        global = options.global,
        host = options.host,
    )
}

fn is_installed(module: &str) -> bool {
    let dir = Path::new(MODULES);
    dir.join(format!("mod_{module}.lua")).exists() || dir.join(format!("mod_{module}")).exists()
}

fn path(path: &Path) -> String {
    quote(&path.display().to_string())
}

/// A Lua string. Bytes beyond ASCII stand as they are.
#[must_use]
pub fn quote(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\0' => quoted.push_str("\\0"),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
