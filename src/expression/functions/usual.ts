/**
 * The functions that most rule files call and that bring nothing with them. They are loaded together: a file for each would cost a start more
 * than the text of all.
 */
export { attempt } from './attempt.ts'
export { coalesce } from './coalesce.ts'
export { cond } from './cond.ts'
export { exists } from './exists.ts'
export { get } from './get.ts'
export { isFqdn } from './is-fqdn.ts'
export { isHostname } from './is-hostname.ts'
export { isIp } from './is-ip.ts'
export { lookup } from './lookup.ts'
export { lower } from './lower.ts'
export { match } from './match.ts'
export { normalizeMacAddress } from './normalize-mac-address.ts'
export { optional } from './optional.ts'
export { parseKv } from './parse-kv.ts'
export { replace } from './replace.ts'
export { split } from './split.ts'
export { strip } from './strip.ts'
export { table } from './table.ts'
export { upper } from './upper.ts'
