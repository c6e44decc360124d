import { FragmentIndex } from './fragments.ts'
import { globMatches } from './glob.ts'
import { type Pace, sortInSlices } from './pace.ts'
import { PrefixIndex } from './prefixes.ts'
import { TextIndex } from './text-index.ts'
import type { TextStore } from './text-store.ts'
import type { MaskKey, UrlKey } from './url.ts'

/** So many masks are matched one by one before an index pays. */
const FEW = 8
/** A mask that matches, and the value it has. */
export interface MaskHit {
  /** Of the mask's text: the longer, the more specific. */
  readonly length: number
  readonly value: number
}

/** Masks whose hosts end in the same labels. */
interface Bucket {
  readonly ids: number[]
  /** For more than a few of them. */
  byPath: PathGroups | undefined
}

/** The beginnings of the paths of masks, and the masks with each one. */
interface PathGroups {
  readonly prefixes: PrefixIndex
  readonly groups: readonly (readonly number[] | FragmentIndex)[]
}

/** At the end of a mask: any path below, any query, or neither. */
const ANY_BELOW = '/*'
/** So many masks are read between two looks at the clock. */
const STEP = 256

/**
 * Finds the masks that match a URL; the work does not grow with their number.
 *
 *     mask   abid.github.io/netflix/*       .dyn.example          *.example.com/a*       *login*
 *             |                              |                       |                    |
 *     1. labels of the host from the right, up to a star: one look-up for each label of the URL
 *            abid.github.io                 dyn.example           example.com            (none)
 *     2. more than eight with these labels: the path up to a star, by a search in a sorted list
 *            /netflix                        -                     /a                    (none)
 *     3. more than eight with this path: four characters in a row that are rare among them
 *                                                                                         logi
 *     4. the few that are left are matched
 */
export class MaskIndex {
  readonly #store: TextStore
  /** Domains with a leading dot and any path: their values. There may be millions. */
  readonly #domains: TextIndex
  /** All other masks: their ids by text, from 1. */
  readonly #ids: TextIndex
  /** By the labels that hosts end in: the only mask there is (2 * id) or the number of a bucket (2 * number + 1). */
  readonly #suffixes: TextIndex
  readonly #buckets: Bucket[] = []
  /** By id less one. */
  readonly #texts: number[] = []
  readonly #values: number[] = []

  constructor(store: TextStore) {
    this.#store = store
    this.#domains = new TextIndex(store)
    this.#ids = new TextIndex(store)
    this.#suffixes = new TextIndex(store)
  }

  get size(): number {
    return this.#domains.size + this.#texts.length
  }

  /** Adds a mask. The value of an equal one that was added before is forgotten. */
  add(mask: MaskKey, value: number): void {
    if (mask.hasLeadingDot && mask.tail === '' && !mask.host.includes('*')) {
      this.#domains.set(mask.host, value)
      return
    }
    const known = this.#ids.get(mask.text)
    if (known !== 0) {
      this.#values[known - 1] = value
      return
    }
    const id = this.#texts.push(this.#store.put(mask.text))
    this.#values.push(value)
    this.#ids.set(mask.text, id)
    this.#addToSuffix(literalLabels(mask.host), id)
  }

  #addToSuffix(suffix: string, id: number): void {
    const known = this.#suffixes.get(suffix)
    if (known === 0) {
      this.#suffixes.set(suffix, id * 2)
    } else if (known % 2 === 1) {
      this.#buckets[(known - 1) / 2]!.ids.push(id)
    } else {
      const length = this.#buckets.push({ ids: [known / 2, id], byPath: undefined })
      this.#suffixes.set(suffix, length * 2 - 1)
    }
  }

  /** To be called once when all masks are there, before the first look-up. */
  async finish(pace: Pace): Promise<void> {
    for (const bucket of this.#buckets) {
      if (bucket.ids.length > FEW) bucket.byPath = await this.#groupByPath(bucket.ids, pace)
    }
  }

  async #groupByPath(ids: readonly number[], pace: Pace): Promise<PathGroups> {
    const idsByPrefix = new Map<string, number[]>()
    for (const [i, id] of ids.entries()) {
      const prefix = literalPath(partsOf(this.#textOf(id)).tail)
      const group = idsByPrefix.get(prefix)
      if (group === undefined) idsByPrefix.set(prefix, [id])
      else group.push(id)
      if (i % STEP === 0 && pace.isDue()) await pace.rest()
    }
    const prefixes = await sortInSlices([...idsByPrefix.keys()], inCodeUnitOrder, pace)
    const groups: (readonly number[] | FragmentIndex)[] = []
    for (const prefix of prefixes) {
      const group = idsByPrefix.get(prefix)!
      groups.push(group.length <= FEW ? group : await this.#indexFragments(group, pace))
    }
    return { prefixes: new PrefixIndex(prefixes), groups }
  }

  #indexFragments(ids: readonly number[], pace: Pace): Promise<FragmentIndex> {
    const masks = ids.map((id) => ({ id, pieces: literalPieces(this.#textOf(id)) }))
    return FragmentIndex.build(masks, pace)
  }

  /** All masks that match, in no order. */
  find(url: UrlKey): MaskHit[] {
    const hits: MaskHit[] = []
    const fullHost = url.hadWww ? `www.${url.host}` : url.host
    this.#findBelow('', url, fullHost, hits)
    const longest = Math.max(this.#domains.longest, this.#suffixes.longest)
    // From the last label to all of them. What is longer than any mask's labels is not looked at.
    for (let dot = fullHost.length; dot > 0 && fullHost.length - dot <= longest; ) {
      dot = fullHost.lastIndexOf('.', dot - 1)
      const suffix = fullHost.slice(dot + 1)
      const value = this.#domains.get(suffix)
      if (value !== 0) hits.push({ length: suffix.length + 1, value })
      this.#findBelow(suffix, url, fullHost, hits)
    }
    return hits
  }

  #findBelow(suffix: string, url: UrlKey, fullHost: string, hits: MaskHit[]): void {
    const known = this.#suffixes.get(suffix)
    if (known === 0) return
    if (known % 2 === 0) {
      this.#match(known / 2, url, fullHost, hits)
      return
    }
    const { ids, byPath } = this.#buckets[(known - 1) / 2]!
    if (byPath === undefined) {
      for (const id of ids) this.#match(id, url, fullHost, hits)
      return
    }
    for (const position of byPath.prefixes.find(url.tail)) {
      const group = byPath.groups[position]!
      const candidates = group instanceof FragmentIndex ? group.find([fullHost, url.tail]) : group
      for (const id of candidates) this.#match(id, url, fullHost, hits)
    }
  }

  #match(id: number, url: UrlKey, fullHost: string, hits: MaskHit[]): void {
    const text = this.#textOf(id)
    if (maskMatches(text, url, fullHost)) hits.push({ length: text.length, value: this.#values[id - 1]! })
  }

  #textOf(id: number): string {
    return this.#store.get(this.#texts[id - 1]!)
  }
}

/** The labels at the right end of a mask's host that hold no star. */
function literalLabels(host: string): string {
  const star = host.lastIndexOf('*')
  if (star < 0) return host
  const dot = host.indexOf('.', star)
  return dot < 0 ? '' : host.slice(dot + 1)
}

/** What the tail of a URL must begin with to match a mask's tail. A tail `X/*` matches `X`, too. */
function literalPath(tail: string): string {
  const star = tail.indexOf('*')
  if (star < 0) return tail
  const isLast = star === tail.length - 1
  return tail.slice(0, isLast && tail[star - 1] === '/' ? star - 1 : star)
}

/** The texts that every URL has that the mask matches. */
function literalPieces(mask: string): string[] {
  const { host, tail } = partsOf(mask)
  return [
    ...host.split('*'),
    ...(tail.endsWith(ANY_BELOW) ? tail.slice(0, -ANY_BELOW.length) : tail).split('*'),
  ]
}

/** Takes the text of a mask apart. */
function partsOf(mask: string): { host: string; hasLeadingDot: boolean; tail: string } {
  const hasLeadingDot = mask.startsWith('.')
  const slash = mask.indexOf('/')
  const hostEnd = slash < 0 ? mask.length : slash
  return { host: mask.slice(hasLeadingDot ? 1 : 0, hostEnd), hasLeadingDot, tail: mask.slice(hostEnd) }
}

function maskMatches(mask: string, url: UrlKey, fullHost: string): boolean {
  const { host, hasLeadingDot, tail } = partsOf(mask)
  const matchesHost = hasLeadingDot ? isAtOrBelow(host, fullHost) : hostMatches(host, url, fullHost)
  return matchesHost && (tail === '' || tailMatches(tail, url.tail))
}

function isAtOrBelow(domain: string, fullHost: string): boolean {
  return globMatches(domain, fullHost) || globMatches(`*.${domain}`, fullHost)
}

/** A pattern is tried with and without the `www.` of the URL, a plain host only without. */
function hostMatches(host: string, url: UrlKey, fullHost: string): boolean {
  return globMatches(host, url.host) || (url.hadWww && host.includes('*') && globMatches(host, fullHost))
}

function tailMatches(pattern: string, tail: string): boolean {
  if (globMatches(pattern, tail)) return true
  if (!pattern.endsWith(ANY_BELOW)) return false
  const stem = pattern.slice(0, -ANY_BELOW.length)
  return globMatches(stem, tail) || globMatches(`${stem}?*`, tail)
}

function inCodeUnitOrder(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
