// The mapping of bench/rules.yaml by hand.
import { mapLines } from './line-loop.js'

const PROTOS = { 1: 'icmp', 6: 'tcp', 17: 'udp' }
const OK_STATUS = /^(2..|3..)/

mapLines((event) => {
  const { host, src, dst, http, user, action } = event
  const output = {
    '@timestamp': event.ts,
    event: {
      id: event.id,
      action: action === 'reset' ? 'flow/reset' : action === 'deny' ? 'flow/deny' : action,
      dataset: 'bench',
    },
    host: {
      name: host.name.toLowerCase(),
      mac: host.mac.replaceAll('-', ':').toUpperCase(),
      os: host.os.family,
    },
    source: { ip: src.ip, port: src.port },
    destination: { ip: dst.ip, port: String(dst.port) },
    network: { transport: PROTOS[event.proto] ?? 'other' },
  }
  if (http !== undefined) {
    output.url = { file: http.path.slice(http.path.lastIndexOf('/') + 1) }
    output.http = { ok: OK_STATUS.test(String(http.status)) }
  }
  if (user !== undefined) output.user = { name: user.replaceAll('CORP\\', '') }
  return output
})
