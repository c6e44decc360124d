/** Bytes as text, and text as bytes. */

const ENCODER = new TextEncoder()

const STRICT = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const LENIENT = new TextDecoder('utf-8', { ignoreBOM: true })

/**
 * The text that UTF-8 bytes stand for.
 *
 * @param replaces put U+FFFD in the place of bytes that are no UTF-8
 * @returns undefined where the bytes are no UTF-8 and are not to be replaced
 */
export function decodeUtf8(bytes: Uint8Array, replaces: boolean): string | undefined {
  if (replaces) return LENIENT.decode(bytes)
  try {
    return STRICT.decode(bytes)
  } catch (error) {
    if (error instanceof TypeError) return undefined
    throw error
  }
}

/**
 * The bytes of a text in UTF-8. Half of a surrogate pair counts as U+FFFD.
 *
 * @param buffer where the bytes go, three for each UTF-16 unit of the text. Default: a new one
 */
export function encodeUtf8(text: string, buffer?: Uint8Array): Uint8Array {
  if (buffer === undefined) return ENCODER.encode(text)
  return buffer.subarray(0, ENCODER.encodeInto(text, buffer).written)
}
