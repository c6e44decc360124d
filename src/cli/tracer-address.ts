import process from 'node:process'
import type { ServerAddress } from '../tracer/client/transport.ts'
import { parseEndpoint } from './endpoint.ts'
import { CommandError, EXIT } from './exit-codes.ts'
import { readOptionFile } from './read-file.ts'

/** The path of look-ups, where a URL has none: the version that KUMA asks for. */
const DEFAULT_PATH = '/api/1.1/lookup'
/** The variable of the environment that holds the password of a tracer that is asked over HTTP. */
const PASSWORD_VARIABLE = 'TRACER_PASSWORD'
/** A larger file is another one. */
const LARGEST_PASSWORD_FILE = 4096

/**
 * Reads `HOST:PORT`, or `http://user@HOST:PORT/path` (`https`). A path is that of look-ups, `/api/1.1/lookup` where there is none.
 *
 * @throws RangeError for anything else, and for a password, which arguments show to everybody on the machine
 */
export function parseTracerAddress(text: string): ServerAddress {
  if (!/^https?:/i.test(text)) return parseEndpoint(text)
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || url.search !== '' || url.hash !== '' || !/^https?:\/\//i.test(text)) {
    throw new RangeError(
      'the URL of a tracer is http://user@HOST:PORT or https://user@HOST:PORT, perhaps with a path',
    )
  }
  if (url.password !== '') {
    throw new RangeError(
      `a password does not belong into an argument, which others see: set ${PASSWORD_VARIABLE}, or put it into a file`,
    )
  }
  const isSecure = url.protocol === 'https:'
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (isSecure ? 443 : 80) : Number(url.port),
    http: {
      isSecure,
      path: url.pathname === '/' ? DEFAULT_PATH : url.pathname,
      user: url.username === '' ? undefined : userOf(url),
    },
  }
}

function userOf({ username }: URL): string {
  try {
    return decodeURIComponent(username)
  } catch {
    return username
  }
}

/**
 * Gives addresses that have a user its password: that of the file, else of the environment.
 *
 * @param option that names the file: `--tracer-password-file`
 * @param file undefined: it is not given
 * @throws {CommandError} when there is none, or nobody that it is for
 */
export function withPassword(
  addresses: readonly ServerAddress[],
  option: string,
  file: string | undefined,
): readonly ServerAddress[] {
  const hasUser = addresses.some(({ http }) => http?.user !== undefined)
  if (!hasUser) {
    if (file === undefined) return addresses
    throw usage(`${option} is for a server with a user: http://user@HOST:PORT`)
  }
  const password = readPassword(option, file)
  return addresses.map((address) =>
    address.http?.user === undefined ? address : { ...address, http: { ...address.http, password } },
  )
}

function readPassword(option: string, file: string | undefined): string {
  if (file === undefined) {
    const password = process.env[PASSWORD_VARIABLE]
    if (password === undefined || password === '') {
      throw usage(`the user of a tracer needs a password: set ${PASSWORD_VARIABLE}, or give ${option} FILE`)
    }
    return password
  }
  const content = readOptionFile(file, `${option} ${file}`)
  if (content.length > LARGEST_PASSWORD_FILE) throw usage(`${option} ${file}: too large to hold a password`)
  const password = content.toString('utf8').replace(/\r?\n$/, '')
  if (password === '') throw usage(`${option} ${file}: the file is empty`)
  return password
}

/** True when TLS can be used: an option of TLS with plain HTTP means something else than it says. */
export function refusePlainWithTls(addresses: readonly ServerAddress[], isTls: boolean): void {
  if (isTls && addresses.some(({ http }) => http?.isSecure === false)) {
    throw usage('the options of TLS say nothing to a server of http://: write https://')
  }
}

function usage(message: string): CommandError {
  return new CommandError(EXIT.USAGE, message)
}
