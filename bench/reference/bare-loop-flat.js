// The mapping of bench/rules-flat.yaml by hand.
import { mapLines } from './line-loop.js'

const OUTCOMES = { NOERROR: 'success', NXDOMAIN: 'failure', SERVFAIL: 'failure' }
const IPV4 = /^(\d+[.]){3}/

mapLines((event) => {
  const { query, qtype_name, rcode_name } = event
  const outcome = rcode_name === undefined ? undefined : (OUTCOMES[rcode_name] ?? 'unknown')
  const dns = { id: String(event.trans_id) }
  // A question without name and type is left out; JSON.stringify leaves out what is undefined.
  if (query !== undefined || qtype_name !== undefined) {
    dns.question = {
      name: query?.toLowerCase(),
      top_level_domain: query?.slice(query.lastIndexOf('.') + 1),
      type: qtype_name,
    }
  }
  dns.recursion = event.RD
  if (event.answers !== undefined) dns.answers = event.answers
  if (event.TTLs !== undefined) dns.ttls = event.TTLs
  if (event.rtt !== undefined) dns.rtt = event.rtt
  return {
    '@timestamp': event.ts,
    event: { id: event.uid, dataset: `zeek.${event._path}`, outcome },
    source: { ip: event['id.orig_h'], port: event['id.orig_p'] },
    destination: { ip: event['id.resp_h'], port: event['id.resp_p'] },
    network: { transport: event.proto, type: IPV4.test(event['id.orig_h']) ? 'ipv4' : 'ipv6' },
    dns,
  }
})
