import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import type { MispAttribute } from '../../../src/tracer/enrichers/misp/attributes.ts'
import { poll } from '../running-server.ts'

export const KEY = 'kP3xsecretsecretsecretsecretsecretsecret'

export function pem(name: string): Buffer {
  return readFileSync(new URL(`../tls/${name}.pem`, import.meta.url))
}

/** The body of a search. */
export interface Search {
  readonly returnFormat: string
  readonly value: readonly string[]
  readonly page: number
  readonly limit: number
  readonly to_ids?: boolean
  readonly includeEventTags?: boolean
  readonly includeContext?: boolean
}

/** Answers one request in a test's own way. */
export type Answering = (response: ServerResponse, search: Search, request: IncomingMessage) => void

/**
 * Answers `POST /attributes/restSearch` as MISP does: the key in `Authorization`, a list of values of which one has to
 * fit, `!` in front of a value negates, `%` at one of its ends stands for any text, no value at all means everything,
 * both halves of composite attributes are looked at, and answers come in pages.
 */
export class FakeMisp {
  /** The attributes that it knows. */
  readonly attributes: MispAttribute[] = []
  /** The searches that it was asked for. */
  readonly searches: Search[] = []
  /** The answers to the next requests, in their order; after that as MISP does. */
  readonly next: Answering[] = []
  /** The answer to all requests. */
  always: Answering | undefined
  connections = 0
  path = '/attributes/restSearch'
  readonly #server: Server

  private constructor(certificate: string) {
    this.#server = createServer(
      { cert: pem(`${certificate}-cert`), key: pem(`${certificate}-key`) },
      (request, response) => void this.#answer(request, response),
    )
    this.#server.on('connection', () => {
      this.connections += 1
    })
    this.#server.on('tlsClientError', () => {})
  }

  /** Starts one that ends with the test. @param certificate `server`, or `stranger` for one that nobody trusts */
  static async start(t: TestContext, certificate = 'server'): Promise<FakeMisp> {
    const misp = new FakeMisp(certificate)
    misp.#server.listen(0, '127.0.0.1')
    await once(misp.#server, 'listening')
    t.after(() => misp.close())
    return misp
  }

  get url(): string {
    return `https://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** All values that it was asked for, in their order. */
  get asked(): string[] {
    return this.searches.flatMap(({ value }) => value)
  }

  /** Waits until it was asked so many times. */
  async until(requests: number): Promise<void> {
    await poll(() => this.searches.length >= requests)
  }

  close(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = ''
    for await (const chunk of request.setEncoding('utf8')) body += chunk
    const search: Search = JSON.parse(body)
    this.searches.push(search)
    const answering = this.next.shift() ?? this.always
    if (answering !== undefined) answering(response, search, request)
    else if (request.headers.authorization !== KEY) send(response, 403, { message: 'Authentication failed.' })
    else if (request.method !== 'POST' || request.url !== this.path)
      send(response, 404, { message: 'Not Found' })
    else this.answerTruly(response, search)
  }

  /** As MISP does. */
  answerTruly(response: ServerResponse, search: Search): void {
    const from = (search.page - 1) * search.limit
    const found = this.attributes.filter((attribute) => fits(attribute, search))
    send(response, 200, { response: { Attribute: found.slice(from, from + search.limit) } })
  }
}

function fits(attribute: MispAttribute, { value, to_ids: toIds }: Search): boolean {
  if (toIds === true && attribute.to_ids !== true) return false
  const halves = String(attribute.type).includes('|')
    ? String(attribute.value).split('|')
    : [String(attribute.value)]
  const wanted = value.filter((one) => !one.startsWith('!'))
  const unwanted = value.filter((one) => one.startsWith('!')).map((one) => one.slice(1))
  if (unwanted.some((one) => halves.some((half) => isLike(half, one)))) return false
  return wanted.length === 0 || wanted.some((one) => halves.some((half) => isLike(half, one)))
}

/** Texts are compared without regard to case, as the collation of most installations does. */
function isLike(text: string, pattern: string): boolean {
  const [subject, wanted] = [text.toLowerCase(), pattern.toLowerCase()]
  if (!wanted.startsWith('%') && !wanted.endsWith('%')) return subject === wanted
  const parts = wanted.split('%').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`, 's').test(subject)
}

export function send(response: ServerResponse, status: number, body: unknown, headers = {}): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=UTF-8', ...headers })
  response.end(typeof body === 'string' ? body : JSON.stringify(body))
}

/** An attribute as MISP writes it. */
export function attribute(id: number, type: string, value: string, more: MispAttribute = {}): MispAttribute {
  return {
    id: String(id),
    event_id: '42',
    object_id: '0',
    object_relation: null,
    category: 'Network activity',
    type,
    to_ids: true,
    uuid: `00000000-0000-4000-8000-${String(id).padStart(12, '0')}`,
    timestamp: '1700000000',
    distribution: '5',
    sharing_group_id: '0',
    comment: '',
    deleted: false,
    disable_correlation: false,
    first_seen: null,
    last_seen: null,
    value,
    Event: {
      org_id: '1',
      distribution: '1',
      id: '42',
      info: 'Phishing wave',
      orgc_id: '2',
      uuid: '10000000-0000-4000-8000-000000000042',
      threat_level_id: '1',
      date: '2026-01-02',
      Orgc: { id: '2', name: 'CERT', uuid: '20000000-0000-4000-8000-000000000002' },
    },
    Tag: [
      { id: '3', name: 'tlp:amber', colour: '#ffc000' },
      { id: '4', name: 'kill-chain:Delivery', colour: '#ffffff', inherited: 1 },
    ],
    ...more,
  }
}
