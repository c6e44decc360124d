import type { Token } from 'stream-json/core/parser.js'
import type { TokenSink } from './json-tokens.ts'
import { ValueAssembler } from './json-value.ts'

/** Events of a MISP feed: their uuids, and when each was changed last (seconds since 1970, as it stands there). */
export type Manifest = ReadonlyMap<string, string>

/** The file of a MISP feed that lists its events. */
export const MANIFEST_FILE = 'manifest.json'
/** Characters of the whole manifest: some hundred for each event. */
const LONGEST_MANIFEST = 64 * 1024 * 1024
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** The file of an event, which stands beside the manifest. */
export function eventFile(uuid: string): string {
  return `${uuid}.json`
}

/** Reads a manifest: `{"<uuid>": {"info": ..., "timestamp": "1700000000", ...}, ...}`. */
export class ManifestReader implements TokenSink {
  readonly longestRecord = LONGEST_MANIFEST
  readonly #values = new ValueAssembler()
  #count = 0
  #result: Map<string, string> | undefined

  /** @returns undefined when the file is no manifest */
  get result(): Manifest | undefined {
    return this.#count === 1 ? this.#result : undefined
  }

  add(token: Token): boolean {
    if (!this.#values.add(token)) return false
    this.#count += 1
    const { value } = this.#values
    if (!(value instanceof Map)) return true
    const events = new Map<string, string>()
    for (const [uuid, event] of value) {
      if (!UUID.test(uuid) || !(event instanceof Map)) return true
      const timestamp = event.get('timestamp')
      events.set(uuid.toLowerCase(), typeof timestamp === 'string' ? timestamp : '')
    }
    this.#result = events
    return true
  }
}
