"""A foreign client for the tests: slixmpp, told what to do by lines of JSON on standard input."""

import asyncio
import json
import ssl
import sys

import slixmpp
from slixmpp.xmlstream import ET


def say(event, **more):
    print(json.dumps({"event": event, **more}), flush=True)


class Person(slixmpp.ClientXMPP):
    def __init__(self, address, password):
        super().__init__(address, password)
        self.auto_authorize = None
        self.auto_subscribe = False
        self.ssl_context.check_hostname = False
        self.ssl_context.verify_mode = ssl.CERT_NONE
        for name in ("xep_0030", "xep_0184", "xep_0199", "xep_0203", "xep_0313"):
            self.register_plugin(name)
        self.plugin["xep_0184"].auto_request = False
        self.add_event_handler("session_start", self.on_start)
        self.add_event_handler("message", self.on_message)
        self.add_event_handler("failed_auth", lambda _: say("failed"))
        self.add_event_handler("receipt_received", lambda m: say("receipt", id=m["receipt"]))
        for kind in ("subscribe", "subscribed", "unsubscribe", "unsubscribed"):
            self.add_event_handler("presence_" + kind, self.on_subscription)
        for kind in ("available", "unavailable", "away", "chat", "dnd", "xa"):
            self.add_event_handler("presence_" + kind, self.on_presence)

    async def on_start(self, _):
        await self.get_roster()
        self.send_presence()
        say("online", jid=str(self.boundjid))

    def on_message(self, message):
        say(
            "message",
            **{"from": message["from"].bare},
            full=str(message["from"]),
            id=message["id"],
            type=message["type"],
            body=message["body"],
            xml=str(message),
        )

    def on_subscription(self, presence):
        say(presence["type"], **{"from": presence["from"].bare})

    def on_presence(self, presence):
        say(
            "presence",
            **{"from": presence["from"].bare},
            full=str(presence["from"]),
            type=presence["type"],
            show=presence["show"],
            status=presence["status"],
        )

    def do(self, command):
        verb = command["do"]
        if verb == "send":
            self.send_message(mto=command["to"], mbody=command["body"], mtype="chat")
        elif verb == "raw":
            self.send_raw(command["xml"])
        elif verb == "presence":
            self.send_presence(pshow=command.get("show"), pstatus=command.get("status"), ptype=command.get("type"))
        elif verb in ("subscribe", "subscribed", "unsubscribe", "unsubscribed"):
            self.send_presence(pto=command["to"], ptype=verb)
        elif verb == "burst":
            for number in range(command["count"]):
                self.send_message(mto=command["to"], mbody=f"{command['body']} {number}", mtype="chat")
            say("burst")
        elif verb == "sync":
            asyncio.ensure_future(self.sync())
        elif verb == "archive":
            asyncio.ensure_future(self.archive())

    async def sync(self):
        """Says so when the server has handled all that was sent before."""
        await self.plugin["xep_0199"].send_ping(self.boundjid.domain)
        say("synced")

    async def archive(self):
        """The whole own archive, from the oldest on, in as many pages as it takes."""
        after = None
        while True:
            rsm = {"max": 100}
            if after:
                rsm["after"] = after
            answer = await self.plugin["xep_0313"].retrieve(rsm=rsm)
            results = answer["mam"]["results"]
            for result in results:
                after = result["mam_result"]["id"]
                message = result["mam_result"]["forwarded"]["stanza"]
                if message["body"]:
                    say(
                        "archived",
                        archive=after,
                        body=message["body"],
                        to=message["to"].bare,
                        **{"from": message["from"].bare},
                    )
            if not results or answer["mam_fin"].xml.get("complete") == "true":
                return say("archive")


async def main(address, password, port):
    person = Person(address, password)
    person.connect(("127.0.0.1", port))
    reader = asyncio.StreamReader()
    await asyncio.get_event_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        person.do(json.loads(line))


if __name__ == "__main__":
    asyncio.get_event_loop().run_until_complete(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
