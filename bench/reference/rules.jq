# The mapping of bench/rules.yaml in jq (and gojq).
{"1": "icmp", "6": "tcp", "17": "udp"} as $protos
| {
    "@timestamp": .ts,
    event: {
      id,
      action: (if .action == "reset" then "flow/reset" elif .action == "deny" then "flow/deny" else .action end),
      dataset: "bench"
    },
    host: {
      name: (.host.name | ascii_downcase),
      mac: (.host.mac | split("-") | join(":") | ascii_upcase),
      os: .host.os.family
    },
    source: {ip: .src.ip, port: .src.port},
    destination: {ip: .dst.ip, port: (.dst.port | tostring)},
    network: {transport: ($protos[.proto | tostring] // "other")}
  }
  + (if .http then
      {url: {file: (.http.path | split("/")[-1])}, http: {ok: (.http.status | tostring | test("^(2..|3..)"))}}
    else {} end)
  + (if .user then {user: {name: (.user | split("CORP\\") | join(""))}} else {} end)
