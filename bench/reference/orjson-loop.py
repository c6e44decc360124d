"""The mapping of bench/rules.yaml by hand, with the fastest JSON library of Python."""
import re
import sys

import orjson

PROTOS = {1: "icmp", 6: "tcp", 17: "udp"}
OK_STATUS = re.compile(r"2..|3..").match


def normalize(line):
    event = orjson.loads(line)
    host = event["host"]
    src = event["src"]
    dst = event["dst"]
    action = event["action"]
    output = {
        "@timestamp": event["ts"],
        "event": {
            "id": event["id"],
            "action": "flow/reset" if action == "reset" else "flow/deny" if action == "deny" else action,
            "dataset": "bench",
        },
        "host": {
            "name": host["name"].lower(),
            "mac": host["mac"].replace("-", ":").upper(),
            "os": host["os"]["family"],
        },
        "source": {"ip": src["ip"], "port": src["port"]},
        "destination": {"ip": dst["ip"], "port": str(dst["port"])},
        "network": {"transport": PROTOS.get(event["proto"], "other")},
    }
    http = event.get("http")
    if http is not None:
        output["url"] = {"file": http["path"].rsplit("/", 1)[-1]}
        output["http"] = {"ok": OK_STATUS(str(http["status"])) is not None}
    user = event.get("user")
    if user is not None:
        output["user"] = {"name": user.replace("CORP\\", "")}
    return orjson.dumps(output, option=orjson.OPT_APPEND_NEWLINE)


write = sys.stdout.buffer.write
for line in sys.stdin.buffer:
    write(normalize(line))
