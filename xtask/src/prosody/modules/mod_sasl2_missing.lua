-- What Debian's mod_sasl2_* of 2023 call, and Prosody 0.12 does not have: they were written for the version after it.
-- For tests alone. All that a client sees is said by those modules, and by mod_smacks.

local st = require "util.stanza";
local array_insert = table.insert;

local xmlns_sm = "urn:xmpp:sm:3";
local xmlns_errors = "urn:ietf:params:xml:ns:xmpp-stanzas";

-- util.stanza

function st.stanza_mt:get_child_attr(name, xmlns, attr)
	local child = self:get_child(name, xmlns);
	return child and child.attr[attr];
end

function st.stanza_mt:add_error(err)
	return self:tag(err.condition or "undefined-condition", { xmlns = xmlns_errors }):up();
end

-- util.datetime: parts of a second.

local datetime = require "util.datetime";
local whole = datetime.datetime;
function datetime.datetime(time)
	return whole(time and math.floor(time));
end

-- mod_c2s: who would like to log in is part of the event.

module:hook_global("websocket-session", function (event)
	local session = event.session;
	local open_stream = session.open_stream;
	function session.open_stream(this, from, to)
		session.wanted_by = to;
		return open_stream(this, from, to);
	end
end);

module:hook("stream-features", function (event)
	event.stream = event.stream or { from = event.origin.wanted_by };
end, 10000);

-- mod_smacks: to enable and to resume without an answer of its own.

local smacks = module:depends("smacks");

-- Runs what would send, and keeps what it sends.
local function hold_back(session, run)
	local held, send = {}, session.send;
	session.send = function (stanza)
		array_insert(held, stanza);
		return true;
	end;
	run();
	return held, send;
end

function smacks.do_enable(session, enable)
	local held, send = hold_back(session, function ()
		smacks.handle_enable(session, enable, xmlns_sm);
	end);
	session.send = send;
	local answer = held[1];
	if answer.name ~= "enabled" then
		return nil, { type = "cancel", condition = answer.tags[1].name };
	end
	return { id = answer.attr.id, resume_max = answer.attr.max, finish = function () end };
end

local resumed;
module:hook("smacks-hibernation-end", function (event) resumed = event.resumed; end);

function smacks.do_resume(session, resume)
	resumed = nil;
	local sasl_handler, client_id = session.sasl_handler, session.client_id;
	local held, send = hold_back(session, function ()
		smacks.handle_resume(session, resume, xmlns_sm);
	end);
	local answer = table.remove(held, 1);
	if not resumed then
		session.send = send;
		return nil, { type = "cancel", condition = "item-not-found", context = { h = tonumber(answer.attr.h) } };
	end
	-- What mod_smacks does to the function that it finds (functions have fields here, which are what they refer to).
	local original = resumed;
	send.session, send.filter = original, original.filter;
	original.send, original.sasl_handler, original.client_id = send, sasl_handler, client_id;
	return {
		type = "resumed", id = resume.attr.previd, session = original,
		finish = function ()
			original.resending_unacked = true;
			for _, stanza in ipairs(held) do
				original.send(stanza);
			end
			original.resending_unacked = nil;
		end
	};
end
