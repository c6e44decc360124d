import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { compare } from 'bcryptjs'
import { LRUCache } from 'lru-cache'

/** Result of looking at the credentials of a request. `busy`: too many are being verified; the client asks again later. */
export type Verdict = 'accepted' | 'refused' | 'busy'

/** A line of `htpasswd -B`. */
const BCRYPT = /^\$2[aby]\$(?<cost>\d\d)\$[./A-Za-z\d]{53}$/

/** One verification takes 2^cost steps: 14 is about a second. */
const MOST_COST = 14

/** Verifications that wait for the one that runs. */
const MOST_WAITING = 32

/** Wrong passwords that are remembered, so that a client with an old one costs nothing, and for how long. */
const MOST_REFUSED = 1000
const REFUSED_MS = 60_000

/** Longer ones are refused unread. bcrypt itself takes 72 bytes. */
const MOST_CREDENTIALS = 1024

/**
 * The users of a server and the hashes of their passwords, as `htpasswd -B` writes them: `name:$2y$05$...`, a line each.
 *
 * A hash is slow on purpose. So a name with its password is verified once, and known by a keyed digest from then on; only
 * one verification runs at a time, and a name that does not exist takes as long as one that does.
 */
export class Users {
  #hashes: ReadonlyMap<string, string>
  readonly #key = randomBytes(32)
  /** By user: the digest of the credentials that were accepted last. */
  #accepted = new Map<string, Buffer>()
  readonly #refused = new LRUCache<string, true>({ max: MOST_REFUSED, ttl: REFUSED_MS })
  /** A hash that nothing has, of the highest cost among the users. */
  #decoy = ''
  #waiting = 0
  #last: Promise<unknown> = Promise.resolve()
  #generation = 0

  /**
   * @param text the file's text. Empty lines and those that begin with `#` are skipped
   * @param file its name, for messages
   * @throws {RangeError} for a line that is no user with a hash of bcrypt, or a name that comes twice
   */
  constructor(text: string, file: string) {
    this.#hashes = new Map()
    this.replace(text, file)
  }

  /** Other users from now on; those that are as they were need not be verified again. @throws {RangeError} as the constructor does */
  replace(text: string, file: string): void {
    const hashes = parseUsers(text, file)
    const accepted = [...this.#accepted].filter(([name]) => hashes.get(name) === this.#hashes.get(name))
    this.#accepted = new Map(accepted)
    this.#hashes = hashes
    this.#refused.clear()
    this.#generation++
    const cost = Math.max(...Array.from(hashes.values(), (hash) => Number(hash.slice(4, 6))))
    this.#decoy = `$2b$${String(cost).padStart(2, '0')}$${'.'.repeat(53)}`
  }

  /** Number of users. */
  get size(): number {
    return this.#hashes.size
  }

  /** Looks at the header `Authorization` of a request; absence refuses. Only the scheme Basic is known. */
  async verify(authorization: string | undefined): Promise<Verdict> {
    const credentials = authorization === undefined ? undefined : basicCredentials(authorization)
    if (credentials === undefined) return 'refused'
    const { name, password } = credentials
    const digest = createHmac('sha256', this.#key).update(name).update('\0').update(password).digest()
    const known = this.#accepted.get(name)
    if (known !== undefined && timingSafeEqual(known, digest)) return 'accepted'
    const text = digest.toString('base64')
    if (this.#refused.has(text)) return 'refused'
    if (this.#waiting >= MOST_WAITING) return 'busy'
    this.#waiting++
    const generation = this.#generation
    const hash = this.#hashes.get(name)
    const verified = this.#last.then(() => {
      // Another request may have brought the same meanwhile.
      const knownNow = this.#accepted.get(name)
      if (knownNow !== undefined && timingSafeEqual(knownNow, digest)) return true
      return this.#refused.has(text) ? false : compare(password, hash ?? this.#decoy)
    })
    this.#last = verified.catch(() => {})
    try {
      const isRight = (await verified) && hash !== undefined
      // Users that were replaced meanwhile decide about the next request.
      if (generation === this.#generation) {
        if (isRight) this.#accepted.set(name, digest)
        else this.#refused.set(text, true)
      }
      return isRight ? 'accepted' : 'refused'
    } finally {
      this.#waiting--
    }
  }
}

function parseUsers(text: string, file: string): Map<string, string> {
  const hashes = new Map<string, string>()
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue
    const colon = line.indexOf(':')
    const name = line.slice(0, Math.max(0, colon))
    const hash = line.slice(colon + 1).trim()
    const cost = BCRYPT.exec(hash)?.groups?.cost
    const place = `${file}:${index + 1}`
    // The line itself is not repeated: it may hold a password.
    if (colon < 1 || cost === undefined) {
      throw new RangeError(`${place}: no user with a bcrypt hash: add one with htpasswd -B ${file} NAME`)
    }
    if (Number(cost) > MOST_COST) {
      throw new RangeError(
        `${place}: the hash of ${name} has cost ${cost}, and ${MOST_COST} is the most: make it again with htpasswd -B`,
      )
    }
    if (hashes.has(name)) throw new RangeError(`${place}: the user ${name} is in the file twice`)
    hashes.set(name, hash)
  }
  if (hashes.size === 0) throw new RangeError(`${file}: no user: add one with htpasswd -B ${file} NAME`)
  return hashes
}

/** Reads `Basic dXNlcjpwYXNz`. @returns undefined where it is nothing of the kind */
function basicCredentials(header: string): { readonly name: string; readonly password: string } | undefined {
  const encoded = /^basic +([A-Za-z\d+/]+={0,2}) *$/i.exec(header.slice(0, MOST_CREDENTIALS + 1))?.[1]
  if (encoded === undefined || header.length > MOST_CREDENTIALS) return undefined
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  return colon < 1 ? undefined : { name: text.slice(0, colon), password: text.slice(colon + 1) }
}
