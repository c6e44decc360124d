import * as re2js from 're2js'
import { asn } from './asn.ts'
import { attempt } from './attempt.ts'
import { base64Decode } from './base64-decode.ts'
import { coalesce } from './coalesce.ts'
import { communityId } from './community-id.ts'
import { cond } from './cond.ts'
import type { FunctionDefinition, FunctionLibrary } from './definition.ts'
import { dissect } from './dissect.ts'
import { dropEmpty } from './drop-empty.ts'
import { epochToTimestamp } from './epoch-to-timestamp.ts'
import { exists } from './exists.ts'
import { extract } from './extract.ts'
import { fingerprint } from './fingerprint.ts'
import { flatten } from './flatten.ts'
import { geoip } from './geoip.ts'
import { get } from './get.ts'
import { hash } from './hash.ts'
import { hexDecode } from './hex-decode.ts'
import { htmlUnescape } from './html-unescape.ts'
import { inNetwork } from './in-network.ts'
import { isFqdn } from './is-fqdn.ts'
import { isHostname } from './is-hostname.ts'
import { isIp } from './is-ip.ts'
import { lookup } from './lookup.ts'
import { lower } from './lower.ts'
import { match } from './match.ts'
import { merge } from './merge.ts'
import { normalizeHost } from './normalize-host.ts'
import { normalizeHttpUserAgent } from './normalize-http-user-agent.ts'
import { normalizeMacAddress } from './normalize-mac-address.ts'
import { normalizeUrl } from './normalize-url.ts'
import { normalizeWindowsSid } from './normalize-windows-sid.ts'
import { FUNCTION_NAMES, type FunctionName } from './on-demand.ts'
import { optional } from './optional.ts'
import { pairsToDict } from './pairs-to-dict.ts'
import { parseCef } from './parse-cef.ts'
import { parseClf } from './parse-clf.ts'
import { parseCsv } from './parse-csv.ts'
import { parseJson } from './parse-json.ts'
import { parseKv } from './parse-kv.ts'
import { parseLeef } from './parse-leef.ts'
import { parseSyslog } from './parse-syslog.ts'
import { parseTimestamp } from './parse-timestamp.ts'
import { parseWindowsEvent } from './parse-windows-event.ts'
import { parseXml } from './parse-xml.ts'
import { registeredDomain } from './registered-domain.ts'
import { replace } from './replace.ts'
import { setPath } from './set-path.ts'
import { snakeCase } from './snake-case.ts'
import { split } from './split.ts'
import { strip } from './strip.ts'
import { table } from './table.ts'
import { timestampToEpoch } from './timestamp-to-epoch.ts'
import { toJson } from './to-json.ts'
import { toUtc } from './to-utc.ts'
import { upper } from './upper.ts'
import { urlDecode } from './url-decode.ts'
import { without } from './without.ts'
import { zipDict } from './zip-dict.ts'

/** All at hand. The compiler refuses a set of names that is not exactly that of the functions that are loaded on demand. */
const DEFINITIONS: Readonly<Record<FunctionName, FunctionDefinition>> = {
  lower,
  upper,
  strip,
  split,
  parse_kv: parseKv,
  match,
  extract,
  dissect,
  replace,
  parse_csv: parseCsv,
  parse_json: parseJson,
  to_json: toJson,
  parse_syslog: parseSyslog,
  parse_cef: parseCef,
  parse_leef: parseLeef,
  parse_clf: parseClf,
  parse_xml: parseXml,
  parse_windows_event: parseWindowsEvent,
  hash,
  fingerprint,
  base64_decode: base64Decode,
  hex_decode: hexDecode,
  url_decode: urlDecode,
  html_unescape: htmlUnescape,
  get,
  set_path: setPath,
  without,
  drop_empty: dropEmpty,
  merge,
  snake_case: snakeCase,
  flatten,
  zip_dict: zipDict,
  pairs_to_dict: pairsToDict,
  cond,
  optional,
  exists,
  coalesce,
  attempt,
  lookup,
  table,
  is_ip: isIp,
  is_hostname: isHostname,
  is_fqdn: isFqdn,
  in_network: inNetwork,
  geoip,
  asn,
  community_id: communityId,
  registered_domain: registeredDomain,
  parse_timestamp: parseTimestamp,
  timestamp_to_epoch: timestampToEpoch,
  epoch_to_timestamp: epochToTimestamp,
  to_utc: toUtc,
  normalize_http_user_agent: normalizeHttpUserAgent,
  normalize_mac_address: normalizeMacAddress,
  normalize_host: normalizeHost,
  normalize_url: normalizeUrl,
  normalize_windows_sid: normalizeWindowsSid,
}

/** The special functions of the rule language by name, in the order of their reference. */
export const FUNCTIONS: ReadonlyMap<string, FunctionDefinition> = new Map(
  FUNCTION_NAMES.map((name) => [name, DEFINITIONS[name]]),
)

export const FUNCTION_LIBRARY: FunctionLibrary = {
  names: FUNCTION_NAMES,
  get: (name) => FUNCTIONS.get(name),
  re2: () => re2js,
}
