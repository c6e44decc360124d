/**
 * The needs of compiled modules (`normalize compile`), by name: the runtime of the language, its functions (`fn_lower`) and built-ins (`py_len`), and what puts
 * rules together. A bundler takes of it what a module imports. Nothing here parses or compiles rules.
 */
import {
  ArgumentProblem,
  type FunctionDefinition,
  type PrepareHost,
} from './expression/functions/definition.ts'
import type { Call, Constants, NamedLookupTable } from './expression/recipe.ts'
import type { Re2 } from './expression/regex/linear-matcher.ts'

export type { NormalizedLines, RulesModule } from './batches/compiled-module.ts'
export { createModule } from './batches/compiled-module.ts'
export { attempt as fn_attempt } from './expression/functions/attempt.ts'
export { base64Decode as fn_base64_decode } from './expression/functions/base64-decode.ts'
export { coalesce as fn_coalesce } from './expression/functions/coalesce.ts'
export { communityId as fn_community_id } from './expression/functions/community-id.ts'
export { cond as fn_cond } from './expression/functions/cond.ts'
export { dissect as fn_dissect } from './expression/functions/dissect.ts'
export { dropEmpty as fn_drop_empty } from './expression/functions/drop-empty.ts'
export { epochToTimestamp as fn_epoch_to_timestamp } from './expression/functions/epoch-to-timestamp.ts'
export { exists as fn_exists } from './expression/functions/exists.ts'
export { extract as fn_extract } from './expression/functions/extract.ts'
export { fingerprint as fn_fingerprint } from './expression/functions/fingerprint.ts'
export { flatten as fn_flatten } from './expression/functions/flatten.ts'
export { get as fn_get } from './expression/functions/get.ts'
export { hash as fn_hash } from './expression/functions/hash.ts'
export { hexDecode as fn_hex_decode } from './expression/functions/hex-decode.ts'
export { htmlUnescape as fn_html_unescape } from './expression/functions/html-unescape.ts'
export { inNetwork as fn_in_network } from './expression/functions/in-network.ts'
export { isFqdn as fn_is_fqdn } from './expression/functions/is-fqdn.ts'
export { isHostname as fn_is_hostname } from './expression/functions/is-hostname.ts'
export { isIp as fn_is_ip } from './expression/functions/is-ip.ts'
export { lookup as fn_lookup } from './expression/functions/lookup.ts'
export { lower as fn_lower } from './expression/functions/lower.ts'
export { match as fn_match } from './expression/functions/match.ts'
export { merge as fn_merge } from './expression/functions/merge.ts'
export { normalizeHost as fn_normalize_host } from './expression/functions/normalize-host.ts'
export { normalizeHttpUserAgent as fn_normalize_http_user_agent } from './expression/functions/normalize-http-user-agent.ts'
export { normalizeMacAddress as fn_normalize_mac_address } from './expression/functions/normalize-mac-address.ts'
export { normalizeUrl as fn_normalize_url } from './expression/functions/normalize-url.ts'
export { normalizeWindowsSid as fn_normalize_windows_sid } from './expression/functions/normalize-windows-sid.ts'
export { optional as fn_optional } from './expression/functions/optional.ts'
export { pairsToDict as fn_pairs_to_dict } from './expression/functions/pairs-to-dict.ts'
export { parseCef as fn_parse_cef } from './expression/functions/parse-cef.ts'
export { parseClf as fn_parse_clf } from './expression/functions/parse-clf.ts'
export { parseCsv as fn_parse_csv } from './expression/functions/parse-csv.ts'
export { parseJson as fn_parse_json } from './expression/functions/parse-json.ts'
export { parseKv as fn_parse_kv } from './expression/functions/parse-kv.ts'
export { parseLeef as fn_parse_leef } from './expression/functions/parse-leef.ts'
export { parseSyslog as fn_parse_syslog } from './expression/functions/parse-syslog.ts'
export { parseTimestamp as fn_parse_timestamp } from './expression/functions/parse-timestamp.ts'
export { parseWindowsEvent as fn_parse_windows_event } from './expression/functions/parse-windows-event.ts'
export { parseXml as fn_parse_xml } from './expression/functions/parse-xml.ts'
export { registeredDomain as fn_registered_domain } from './expression/functions/registered-domain.ts'
export { replace as fn_replace } from './expression/functions/replace.ts'
export { setPath as fn_set_path } from './expression/functions/set-path.ts'
export { snakeCase as fn_snake_case } from './expression/functions/snake-case.ts'
export { split as fn_split } from './expression/functions/split.ts'
export { strip as fn_strip } from './expression/functions/strip.ts'
export { table as fn_table } from './expression/functions/table.ts'
export { timestampToEpoch as fn_timestamp_to_epoch } from './expression/functions/timestamp-to-epoch.ts'
export { toJson as fn_to_json } from './expression/functions/to-json.ts'
export { toUtc as fn_to_utc } from './expression/functions/to-utc.ts'
export { upper as fn_upper } from './expression/functions/upper.ts'
export { urlDecode as fn_url_decode } from './expression/functions/url-decode.ts'
export { without as fn_without } from './expression/functions/without.ts'
export { zipDict as fn_zip_dict } from './expression/functions/zip-dict.ts'
export { re2js } from './expression/regex/re2js.ts'
export {
  py_all,
  py_any,
  py_dict,
  py_enumerate,
  py_isinstance,
  py_len,
  py_list,
  py_range,
  py_repr,
  py_reversed,
  py_set,
  py_sorted,
  py_str,
  py_tuple,
  py_zip,
} from './expression/runtime/builtins.ts'
export { fieldPath } from './expression/runtime/fields.ts'
export * from './expression/runtime/helpers.ts'
export { callableKey, methodKey } from './expression/runtime/key-functions.ts'
export {
  py_abs,
  py_bin,
  py_bool,
  py_chr,
  py_divmod,
  py_float,
  py_hex,
  py_int,
  py_max,
  py_min,
  py_oct,
  py_ord,
  py_pow,
  py_round,
  py_sum,
} from './expression/runtime/numbers/number-builtins.ts'
export { wantedTree } from './json/wanted.ts'
export { EvaluableRules } from './rules/evaluable-rules.ts'
export { createFastPath } from './rules/fast/plan.ts'
export { createLineRoutes } from './rules/fast/routed-line-path.ts'
export { outputBuilder } from './rules/generate/build-output.ts'
export { Routing } from './rules/sets/routed-runner.ts'

/** Gives a value that is made when it is first asked for. */
export function lazy<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

/**
 * A function of the language as generated code calls it.
 *
 * @throws {TypeError} where the function is not called without preparation
 */
export function directFunction({ name, implementation }: FunctionDefinition): Call {
  if (implementation.kind === 'direct') return implementation.call
  throw new TypeError(`no function '${name}' of this kind`)
}

/** The things that a function asks for when it is prepared. */
interface Needs {
  readonly tables?: readonly NamedLookupTable[]
  /** The rule file's own patterns, by name. */
  readonly patterns?: ReadonlyMap<string, string>
  /** The library, where a pattern needs it from the start. */
  readonly re2?: Re2
}

/**
 * A function of the language, prepared with the constants of a call. They have been checked when the rules were
 * compiled: patterns that were allowed then are taken, and nobody is warned again.
 *
 * @param needs what it asked for then. Default: nothing
 * @throws {TypeError} where the function is not prepared, or needs a database of addresses: printed code has none
 */
export function preparedFunction(
  { name, implementation }: FunctionDefinition,
  constants: Constants,
  { tables = [], patterns = new Map(), re2 }: Needs = {},
): Call {
  if (implementation.kind !== 'prepared') throw new TypeError(`no function '${name}' of this kind`)
  const host: PrepareHost = {
    table: (wanted) => tables.find((table) => table.name === wanted)?.table,
    tables: tables.map(({ name }) => ({ name, file: '' })),
    patterns: { names: [], get: (wanted) => patterns.get(wanted) },
    re2: () => re2,
    allowUnsafePatterns: true,
    warn() {},
  }
  try {
    return implementation.prepare(constants, host)
  } catch (error) {
    throw error instanceof ArgumentProblem ? new TypeError(error.message, { cause: error }) : error
  }
}
