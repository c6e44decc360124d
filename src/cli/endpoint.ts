import { isIPv6 } from 'node:net'

/** A place to listen at or to connect to. */
export interface Endpoint {
  readonly host: string
  readonly port: number
}

const HOST_AND_PORT = /^(?:\[(?<bracketed>[^\]]+)\]|(?<name>[^:[\]\s]+)):(?<port>\d{1,5})$/

/**
 * Reads `HOST:PORT`; an IPv6 address stands in brackets (`[::1]:16666`).
 *
 * @throws RangeError when it is neither
 */
export function parseEndpoint(text: string): Endpoint {
  const { bracketed, name, port } = HOST_AND_PORT.exec(text)?.groups ?? {}
  const isHost = bracketed === undefined ? name !== undefined : isIPv6(bracketed)
  if (!isHost || Number(port) > 65_535) {
    throw new RangeError(
      `'${text}' is no address: write HOST:PORT, an IPv6 address in brackets ([::1]:16666)`,
    )
  }
  return { host: (bracketed ?? name)!, port: Number(port) }
}

/** The way back: an IPv6 address gets its brackets. */
export function formatEndpoint({ host, port }: Endpoint): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
