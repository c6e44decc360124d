import * as re2js from 're2js'
import { attempt } from './attempt.ts'
import { coalesce } from './coalesce.ts'
import { cond } from './cond.ts'
import type { FunctionDefinition, FunctionLibrary } from './definition.ts'
import { dissect } from './dissect.ts'
import { epochToTimestamp } from './epoch-to-timestamp.ts'
import { exists } from './exists.ts'
import { extract } from './extract.ts'
import { inNetwork } from './in-network.ts'
import { isFqdn } from './is-fqdn.ts'
import { isHostname } from './is-hostname.ts'
import { isIp } from './is-ip.ts'
import { lookup } from './lookup.ts'
import { lower } from './lower.ts'
import { match } from './match.ts'
import { normalizeHost } from './normalize-host.ts'
import { normalizeHttpUserAgent } from './normalize-http-user-agent.ts'
import { normalizeMacAddress } from './normalize-mac-address.ts'
import { normalizeUrl } from './normalize-url.ts'
import { normalizeWindowsSid } from './normalize-windows-sid.ts'
import { FUNCTION_NAMES, type FunctionName } from './on-demand.ts'
import { optional } from './optional.ts'
import { parseKv } from './parse-kv.ts'
import { parseTimestamp } from './parse-timestamp.ts'
import { replace } from './replace.ts'
import { split } from './split.ts'
import { strip } from './strip.ts'
import { table } from './table.ts'
import { timestampToEpoch } from './timestamp-to-epoch.ts'
import { upper } from './upper.ts'

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
  parse_timestamp: parseTimestamp,
  timestamp_to_epoch: timestampToEpoch,
  epoch_to_timestamp: epochToTimestamp,
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
