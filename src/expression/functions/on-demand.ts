/**
 * The functions of the language, in the order of their reference, each loaded when rules name it. Some bring a library with them (time zones, user
 * agents, regular expressions), and a command that does not need it should not wait for it.
 */
import type { Re2 } from '../regex/linear-matcher.ts'
import type { FunctionDefinition, FunctionLibrary } from './definition.ts'

const usual = () => import('./usual.ts')

const LOADERS = {
  lower: async () => (await usual()).lower,
  upper: async () => (await usual()).upper,
  strip: async () => (await usual()).strip,
  split: async () => (await usual()).split,
  parse_kv: async () => (await usual()).parseKv,
  match: async () => (await usual()).match,
  extract: async () => (await import('./extract.ts')).extract,
  dissect: async () => (await import('./dissect.ts')).dissect,
  replace: async () => (await usual()).replace,
  parse_csv: async () => (await import('./parse-csv.ts')).parseCsv,
  parse_json: async () => (await import('./parse-json.ts')).parseJson,
  to_json: async () => (await import('./to-json.ts')).toJson,
  parse_syslog: async () => (await import('./parse-syslog.ts')).parseSyslog,
  parse_cef: async () => (await import('./parse-cef.ts')).parseCef,
  parse_leef: async () => (await import('./parse-leef.ts')).parseLeef,
  parse_clf: async () => (await import('./parse-clf.ts')).parseClf,
  parse_xml: async () => (await import('./parse-xml.ts')).parseXml,
  parse_windows_event: async () => (await import('./parse-windows-event.ts')).parseWindowsEvent,
  hash: async () => (await import('./hash.ts')).hash,
  fingerprint: async () => (await import('./fingerprint.ts')).fingerprint,
  base64_decode: async () => (await import('./base64-decode.ts')).base64Decode,
  hex_decode: async () => (await import('./hex-decode.ts')).hexDecode,
  url_decode: async () => (await import('./url-decode.ts')).urlDecode,
  html_unescape: async () => (await import('./html-unescape.ts')).htmlUnescape,
  get: async () => (await usual()).get,
  set_path: async () => (await import('./set-path.ts')).setPath,
  without: async () => (await import('./without.ts')).without,
  drop_empty: async () => (await import('./drop-empty.ts')).dropEmpty,
  merge: async () => (await import('./merge.ts')).merge,
  snake_case: async () => (await import('./snake-case.ts')).snakeCase,
  flatten: async () => (await import('./flatten.ts')).flatten,
  zip_dict: async () => (await import('./zip-dict.ts')).zipDict,
  pairs_to_dict: async () => (await import('./pairs-to-dict.ts')).pairsToDict,
  cond: async () => (await usual()).cond,
  optional: async () => (await usual()).optional,
  exists: async () => (await usual()).exists,
  coalesce: async () => (await usual()).coalesce,
  attempt: async () => (await usual()).attempt,
  lookup: async () => (await usual()).lookup,
  table: async () => (await usual()).table,
  is_ip: async () => (await usual()).isIp,
  is_hostname: async () => (await usual()).isHostname,
  is_fqdn: async () => (await usual()).isFqdn,
  in_network: async () => (await import('./in-network.ts')).inNetwork,
  geoip: async () => (await import('./geoip.ts')).geoip,
  asn: async () => (await import('./asn.ts')).asn,
  community_id: async () => (await import('./community-id.ts')).communityId,
  registered_domain: async () => (await import('./registered-domain.ts')).registeredDomain,
  parse_timestamp: async () => (await import('./parse-timestamp.ts')).parseTimestamp,
  timestamp_to_epoch: async () => (await import('./timestamp-to-epoch.ts')).timestampToEpoch,
  epoch_to_timestamp: async () => (await import('./epoch-to-timestamp.ts')).epochToTimestamp,
  to_utc: async () => (await import('./to-utc.ts')).toUtc,
  normalize_http_user_agent: async () =>
    (await import('./normalize-http-user-agent.ts')).normalizeHttpUserAgent,
  normalize_mac_address: async () => (await usual()).normalizeMacAddress,
  normalize_host: async () => (await import('./normalize-host.ts')).normalizeHost,
  normalize_url: async () => (await import('./normalize-url.ts')).normalizeUrl,
  normalize_windows_sid: async () => (await import('./normalize-windows-sid.ts')).normalizeWindowsSid,
} as const satisfies Readonly<Record<string, () => Promise<FunctionDefinition>>>

export type FunctionName = keyof typeof LOADERS

/** Every name, in the order of the reference. */
export const FUNCTION_NAMES = Object.keys(LOADERS) as readonly FunctionName[]

/**
 * Loads what a rule file is seen to call. A name that is written with YAML's escapes is not seen: where compiling fails,
 * it has to be tried again with all functions.
 *
 * @param text the rule file; a name that occurs anywhere in it counts
 * @param re2 loads the linear engine for patterns
 */
export async function loadFunctions(text: string, re2: () => Re2): Promise<FunctionLibrary> {
  const words = new Set(text.match(/[a-z_][a-z_\d]*/g))
  const definitions = await Promise.all(
    FUNCTION_NAMES.filter((name) => words.has(name)).map((name) => LOADERS[name]()),
  )
  const loaded = new Map<string, FunctionDefinition>(
    definitions.map((definition) => [definition.name, definition]),
  )
  return { names: FUNCTION_NAMES, get: (name) => loaded.get(name), re2 }
}
