// Starts the judge of passwords (src/bin/strength.rs) in a worker of its own: its dictionaries are larger than the page,
// so they are loaded only where a password is chosen. The engine's loader loads whatever it is named after.
"use strict";

importScripts("engine-loader.js");
