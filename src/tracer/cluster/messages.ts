import type { Match } from '../enricher.ts'
import type { Indicator } from '../protocol.ts'
import type { MetricsSnapshot } from '../server/metrics.ts'

/*
 * The messages between the primary and a worker. The primary binds the port, deals out connections and asks for metrics;
 * workers answer clients.
 *
 *     worker     loaded ──────────► listening ── load, load ... ─────────────────► metrics, load
 *     primary             listen ─┘               reload, metrics, connection, stop ┘
 *
 * A worker asks where a new connection is to go before it lets go of it, so that none waits in the channel of a primary
 * that hangs. `connection` carries a socket beside the message, in either direction. A worker that has become full gives
 * it back.
 *
 *     worker     newcomer ─────────────────► connection ─────────────────────► the one with the fewest connections
 *     primary              place (elsewhere) ┘          └─ connection ─────────┘
 *                          place (stays): it is served where it came
 */

/** The load of a worker; told when it changes, and once a second as a sign of life. */
export interface WorkerLoad {
  /** Connections that it serves. */
  readonly connections: number
  /** Connections that the primary has dealt to it and that it knows of, since it was started. */
  readonly taken: number
  /** Requests since it was started. */
  readonly requests: number
  /** It would refuse one more connection. */
  readonly isFull: boolean
  /** It serves, and nothing of one of its feeds. */
  readonly isDegraded: boolean
}

/** Look-ups for an enricher that lives in the primary. */
export interface RemoteLookups {
  readonly kind: 'lookups'
  /** Its place among those that are shared. */
  readonly enricher: number
  readonly lookups: readonly RemoteLookup[]
}

/** The number by which the worker knows the look-up, and its indicator. */
export type RemoteLookup = readonly [id: number, indicator: Indicator]

export interface RemoteResults {
  readonly kind: 'results'
  readonly enricher: number
  readonly results: readonly RemoteResult[]
}

/** The matches, or the reason why the look-up failed, with a note that the enricher has logged it already. */
export type RemoteResult =
  | readonly [id: number, matches: readonly Match[]]
  | readonly [id: number, matches: null, error: string, isLogged: boolean]

/** A message from the primary to a worker. */
export type ToWorker =
  | { readonly kind: 'listen'; readonly port: number }
  /** Number of workers that have given it back; the last one serves it, or refuses it. */
  | { readonly kind: 'connection'; readonly returns: number; readonly isLast: boolean }
  /** The answer to a newcomer: it is served where it came, or it is to be handed over. */
  | { readonly kind: 'place'; readonly id: number; readonly stays: boolean }
  | { readonly kind: 'reload' }
  | { readonly kind: 'metrics'; readonly isPage: boolean }
  | { readonly kind: 'stop' }
  | RemoteResults

/** A message from a worker to the primary. */
export type ToPrimary =
  | { readonly kind: 'loaded' }
  | { readonly kind: 'listening'; readonly address: string; readonly port: number }
  /** It cannot start: the message for the operator, and the exit code that goes with it. */
  | { readonly kind: 'failed'; readonly message: string; readonly exitCode: number }
  | ({ readonly kind: 'load' } & WorkerLoad)
  /** It has read a file of feeds or a database well. */
  | { readonly kind: 'file'; readonly file: string; readonly version: string }
  /** A new connection has come: where is it to go? */
  | ({ readonly kind: 'newcomer'; readonly id: number } & WorkerLoad)
  | ({ readonly kind: 'connection'; readonly returns: number } & WorkerLoad)
  | { readonly kind: 'metrics'; readonly isPage: boolean; readonly metrics: MetricsSnapshot }
  | RemoteLookups
