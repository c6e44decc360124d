import * as re2js from 're2js'
import { cond } from './cond.ts'
import type { FunctionDefinition, FunctionLibrary } from './definition.ts'
import { epochToTimestamp } from './epoch-to-timestamp.ts'
import { exists } from './exists.ts'
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
import { optional } from './optional.ts'
import { parseTimestamp } from './parse-timestamp.ts'
import { replace } from './replace.ts'
import { split } from './split.ts'
import { strip } from './strip.ts'
import { timestampToEpoch } from './timestamp-to-epoch.ts'
import { upper } from './upper.ts'

/** The special functions of the rule language by name, in the order of their reference. */
export const FUNCTIONS: ReadonlyMap<string, FunctionDefinition> = new Map(
  [
    lower,
    upper,
    strip,
    split,
    match,
    replace,
    cond,
    optional,
    exists,
    lookup,
    isIp,
    isHostname,
    isFqdn,
    parseTimestamp,
    timestampToEpoch,
    epochToTimestamp,
    normalizeHttpUserAgent,
    normalizeMacAddress,
    normalizeHost,
    normalizeUrl,
    normalizeWindowsSid,
  ].map((definition) => [definition.name, definition]),
)

export const FUNCTION_LIBRARY: FunctionLibrary = {
  names: [...FUNCTIONS.keys()],
  get: (name) => FUNCTIONS.get(name),
  re2: () => re2js,
}
